import { brokersOnce, plainOnce } from './modules.js';

const from = performance.now();
await (process.argv[2] === 'brokers' ? brokersOnce() : plainOnce());
process.send?.(performance.now() - from, () => process.disconnect());
