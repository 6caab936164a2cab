export type { CommandHost, ExitCode } from './host.js';
export { main } from './main.js';
