import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { asError, errorOf } from '../errors/index.js';
import type { RunLine } from './command-line.js';
import type { CommandHost } from './host.js';

/** Writes a result to the file of `--output`, or prints it. Rejects with MULTI_BROKER_CLI_USAGE. */
export async function writeResult(text: string, { output: file }: RunLine, host: CommandHost): Promise<void> {
  if (file === undefined) {
    host.print(text);
    return;
  }
  try {
    await writeFile(path.resolve(host.cwd, file), text);
  } catch (thrown) {
    const cause = asError(thrown);
    throw errorOf('MULTI_BROKER_CLI_USAGE.unwritable', { file, reason: cause.message }, { cause });
  }
}
