import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Deadline, systemClock } from '../async/index.js';
import { asError, errorOf } from '../errors/index.js';
import { loadApplication, type LoadedApplication } from './application.js';
import type { RunLine } from './command-line.js';
import type { CommandHost } from './host.js';
import { rootModule } from './root-module.js';
import { shownError } from './shown-error.js';

/** The application of the file that the arguments name. Rejects with MULTI_BROKER_CLI_MODULE. */
export async function loadRoot(line: RunLine, host: CommandHost): Promise<LoadedApplication> {
  const file = path.resolve(host.cwd, line.file);
  if (!(await isFile(file))) throw errorOf('MULTI_BROKER_CLI_MODULE.noFile', { file: line.file });
  const deadline = new Deadline(systemClock, line.timeoutMs, () => late(line));
  try {
    const exported = await deadline.within(exportsOf(file, line, host));
    if (exported === undefined) throw late(line);
    return await loadApplication(rootModule(exported, line.file, line.module), { ...line, deadline });
  } finally {
    deadline.clear();
  }
}

const late = ({ file, timeoutMs: ms }: RunLine): Error =>
  errorOf('MULTI_BROKER_CLI_MODULE.notLoadedInTime', { file, ms });

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function exportsOf(file: string, line: RunLine, host: CommandHost): Promise<unknown> {
  try {
    return await host.load(file);
  } catch (thrown) {
    const cause = asError(thrown);
    const params = { file: line.file, reason: shownError(cause) };
    throw errorOf('MULTI_BROKER_CLI_MODULE.notLoaded', params, { cause });
  }
}
