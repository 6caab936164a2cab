import { type CommandHost, type ExitCode, main } from '../../lib/cli/index.js';

/** What a command has written. */
export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, on a file of `apps/`. */
export async function ran(...args: string[]): Promise<Ran> {
  const written = { out: '', err: '' };
  const host: CommandHost = {
    args,
    cwd: import.meta.dirname,
    load: (file) => import(file),
    print: (text) => void (written.out += text),
    report: (text) => void (written.err += text),
  };
  return { code: await main(host), ...written };
}
