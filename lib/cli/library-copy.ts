import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The URL of the command's code in the copy of the library that an application loads: another copy would not find its
 * brokers. Undefined where the arguments name no file, or the file's package has no copy with this command.
 */
export function libraryOf(args: readonly string[], cwd: string): string | undefined {
  const [, ...rest] = args;
  const files = rest.filter((arg) => !arg.startsWith('-')).map((arg) => path.resolve(cwd, arg));
  const file = files.find((one) => existsSync(one));
  const library = file && resolved(file);
  const command = library && path.join(path.dirname(library), 'cli/index.js');
  return command !== undefined && existsSync(command) ? pathToFileURL(command).href : undefined;
}

function resolved(file: string): string | undefined {
  try {
    return createRequire(file).resolve('nestjs-multi-broker');
  } catch {
    return undefined;
  }
}
