import { parseArgs } from 'node:util';
import { errorOf, nearestName, phrase } from '../errors/index.js';
import { COMMAND_NAMES, type CommandName, COMMANDS, type CommandUsage } from './commands.js';

/** What the arguments ask for. */
export type CommandLine = HelpLine | RunLine;

interface HelpLine {
  readonly help: true;
  /** Undefined for the help of all commands. */
  readonly command: CommandName | undefined;
}

/** A command that is to run. */
export interface RunLine {
  readonly help: false;
  readonly command: CommandName;
  /** As given. */
  readonly file: string;
  readonly module: string | undefined;
  readonly timeoutMs: number;
  readonly verbose: boolean;
  readonly output: string | undefined;
  readonly format: string;
  readonly title: string | undefined;
  readonly version: string | undefined;
  readonly connect: boolean;
  readonly strict: boolean;
}

const TIMEOUT_MS = 30_000;

/** Reads the arguments. Throws MULTI_BROKER_CLI_USAGE. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const [first, ...rest] = args;
  if (first === '--help' || first === '-h' || first === 'help') return { help: true, command: undefined };
  const command = commandOf(first);
  const { values, positionals } = parse(rest, COMMANDS[command]);
  if (values['help'] === true) return { help: true, command };
  const [file, ...others] = positionals;
  if (file === undefined) throw errorOf('MULTI_BROKER_CLI_USAGE.noFile', { command });
  if (others.length > 0) {
    throw errorOf('MULTI_BROKER_CLI_USAGE.severalFiles', { command, files: positionals.join(' and ') });
  }
  if (values['strict'] === true && values['connect'] !== true) throw errorOf('MULTI_BROKER_CLI_USAGE.strictAlone', {});
  const text = (name: string): string | undefined => values[name] as string | undefined;
  return {
    help: false,
    command,
    file,
    module: text('module'),
    timeoutMs: millisecondsOf('timeout', text('timeout')),
    verbose: values['verbose'] === true,
    output: text('output'),
    format: choiceOf('format', text('format'), COMMANDS[command].choices.format),
    title: text('title'),
    version: text('version'),
    connect: values['connect'] === true,
    strict: values['strict'] === true,
  };
}

function commandOf(given: string | undefined): CommandName {
  const known = COMMAND_NAMES.join(', ');
  if (given === undefined) throw errorOf('MULTI_BROKER_CLI_USAGE.noCommand', { known });
  const command = COMMAND_NAMES.find((name) => name === given);
  if (command !== undefined) return command;
  const near = nearestName(given, COMMAND_NAMES);
  const hint = near === undefined ? phrase('known', { known }) : phrase('didYouMean', { near });
  throw errorOf('MULTI_BROKER_CLI_USAGE.unknownCommand', { command: given, hint });
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

function parse(args: string[], { options }: CommandUsage): { readonly values: Values; readonly positionals: string[] } {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (cause) {
    // Node's own sentence names the option; a second one explains how to give a positional that begins with '-'.
    const problem = (cause as Error).message.split('. ', 1)[0] ?? '';
    throw errorOf('MULTI_BROKER_CLI_USAGE.option', { problem }, { cause });
  }
}

function choiceOf(option: string, given: string | undefined, known: readonly [string, ...string[]]): string {
  if (given === undefined || known.includes(given)) return given ?? known[0];
  throw errorOf('MULTI_BROKER_CLI_USAGE.choice', { option, given, known: known.join(', ') });
}

function millisecondsOf(option: string, given: string | undefined): number {
  if (given === undefined) return TIMEOUT_MS;
  const ms = Number(given);
  if (Number.isInteger(ms) && ms > 0 && ms < 2 ** 31) return ms;
  throw errorOf('MULTI_BROKER_CLI_USAGE.number', { option, given });
}
