import { execFile } from 'node:child_process';
import { type CommandHost, type ExitCode, main } from '../../lib/cli/index.js';

/** What a command has written. */
export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, on a file of `apps/`. */
export function ran(...args: string[]): Promise<Ran> {
  return ranWith({}, ...args);
}

/** The same by a host that does some of it otherwise. */
export async function ranWith(other: Partial<CommandHost>, ...args: string[]): Promise<Ran> {
  const written = { out: '', err: '' };
  const host: CommandHost = {
    args,
    cwd: import.meta.dirname,
    load: (file) => import(file),
    print: (text) => void (written.out += text),
    report: (text) => void (written.err += text),
    ...other,
  };
  return { code: await main(host), ...written };
}

const BIN = 'node_modules/nestjs-multi-broker/dist/esm/cli/bin.js';

/** Runs the command as `npx` does, in the folder of an application. */
export function spawned(
  app: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const options = {
    cwd: app,
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 24,
    timeout: 20_000,
    killSignal: 'SIGKILL',
  } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], options, (error, out, err) => {
      resolve({ code: (error?.code ?? 0) as ExitCode, out, err });
    });
  });
}
