import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { COMMAND_NAMES, COMMANDS, type CommandUsage } from './commands.js';

/**
 * The URL of the command's code in the copy of the library that an application loads: another copy would not find its
 * brokers. Undefined where the arguments name no file, or the file's package has no copy with this command.
 */
export function libraryOf(args: readonly string[], cwd: string): string | undefined {
  const file = filesOf(args, cwd).find((one) => existsSync(one));
  const library = file && resolved(file);
  const command = library && path.join(path.dirname(library), 'cli/index.js');
  return command !== undefined && existsSync(command) ? pathToFileURL(command).href : undefined;
}

/** What is no option and no value of one; mistakes in the arguments are reported later. */
function filesOf([, ...rest]: readonly string[], cwd: string): string[] {
  const options = Object.assign({}, ...COMMAND_NAMES.map((name) => COMMANDS[name].options)) as CommandUsage['options'];
  const { positionals } = parseArgs({ args: rest, options, allowPositionals: true, strict: false });
  return positionals.map((file) => path.resolve(cwd, file));
}

function resolved(file: string): string | undefined {
  try {
    return createRequire(file).resolve('nestjs-multi-broker');
  } catch {
    return undefined;
  }
}
