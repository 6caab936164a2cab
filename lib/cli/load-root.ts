import { stat } from 'node:fs/promises';
import path from 'node:path';
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
  return loadApplication(rootModule(await exportsOf(file, line, host), line.file, line.module), line);
}

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
