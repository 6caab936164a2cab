import type { ParseArgsConfig } from 'node:util';

/** Options of a command, as `parseArgs` takes them. */
type Options = NonNullable<ParseArgsConfig['options']>;

/** A command: what it does, and its options. */
export interface CommandUsage {
  readonly summary: string;
  readonly options: Options;
  /** Values of the options that have a fixed set of them; the first is the default. */
  readonly choices: { readonly format: readonly [string, ...string[]] };
  /** A line for each option that is not common to all commands. */
  readonly help: readonly (readonly [option: string, text: string])[];
}

const COMMON = {
  module: { type: 'string' },
  timeout: { type: 'string' },
  verbose: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options;

const OUTPUT = { output: { type: 'string', short: 'o' } } as const satisfies Options;

const COMMON_HELP = [
  ['--module <name>', 'the exported module; default: AppModule, the default export, or the only module'],
  [
    '--timeout <ms>',
    'how long the application may take to be loaded and created, and each server to answer; default 30000',
  ],
  ['--verbose', "the application's log and stacks of errors, on the standard error"],
] as const;

const OUTPUT_HELP = ['-o, --output <file>', 'writes to the file instead of the standard output'] as const;

/** The commands, by name. */
export const COMMANDS = {
  graph: {
    summary: 'the graph of brokers, destinations, handlers and dead letters',
    options: { ...COMMON, ...OUTPUT, format: { type: 'string' } },
    choices: { format: ['mermaid', 'svg', 'json'] },
    help: [['--format <format>', 'mermaid (default), svg or json'], OUTPUT_HELP],
  },
  asyncapi: {
    summary: 'the AsyncAPI document of the application',
    options: {
      ...COMMON,
      ...OUTPUT,
      format: { type: 'string' },
      title: { type: 'string' },
      version: { type: 'string' },
    },
    choices: { format: ['json', 'yaml'] },
    help: [
      ['--format <format>', 'json (default) or yaml'],
      OUTPUT_HELP,
      ['--title <title>', 'default: the name in the package.json of the application'],
      ['--version <version>', 'default: the version in it'],
    ],
  },
  check: {
    summary: 'all wiring mistakes, or what each server needs to have',
    options: {
      ...COMMON,
      connect: { type: 'boolean' },
      strict: { type: 'boolean' },
      format: { type: 'string' },
    },
    choices: { format: ['text', 'json'] },
    help: [
      ['--connect', 'compares with the servers; reads only, and creates nothing'],
      ['--strict', 'with --connect: what a start would create counts as missing'],
      ['--format <format>', 'text (default) or json'],
    ],
  },
} as const satisfies Readonly<Record<string, CommandUsage>>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** The names of all commands. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];

/** The text of `--help`: of one command, or of all. */
export function helpOf(command?: CommandName): string {
  return command === undefined ? helpOfAll() : helpOfOne(command);
}

function helpOfAll(): string {
  const rows = COMMAND_NAMES.map((name) => [name, COMMANDS[name].summary] as const);
  return [
    'Usage: nestjs-multi-broker <command> <file> [options]',
    '',
    'The file is the compiled one of the root module, such as dist/app.module.js. No broker is started or connected.',
    '',
    table(rows),
    '',
    'nestjs-multi-broker <command> --help lists the options of a command.',
    '',
  ].join('\n');
}

function helpOfOne(command: CommandName): string {
  const { summary, help } = COMMANDS[command];
  const rows = [...help, ...COMMON_HELP];
  return [`Usage: nestjs-multi-broker ${command} <file> [options]`, '', `Prints ${summary}.`, '', table(rows), ''].join(
    '\n',
  );
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n');
}
