import type { Entries } from './entry.js';

/** The command `nestjs-multi-broker`. */
export const COMMAND_LINE = {
  MULTI_BROKER_CLI_USAGE: {
    retryable: false,
    remedy: 'See nestjs-multi-broker --help.',
    messages: {
      noCommand: 'No command is given; there are {known}',
      unknownCommand: "There is no command '{command}' ({hint})",
      noFile: '{command} needs the file of the compiled module, such as dist/app.module.js',
      severalFiles: '{command} takes one file, not {files}',
      option: '{problem}',
      choice: "--{option} is one of {known}, not '{given}'",
      number: "--{option} is a number of milliseconds above 0, not '{given}'",
      strictAlone: '--strict needs --connect: it is about what a server does not have',
      unwritable: "'{file}' cannot be written: {reason}",
    },
  },
  MULTI_BROKER_CLI_MODULE: {
    retryable: false,
    remedy: 'Name a compiled file that exports the root module, and see --verbose for the stack.',
    messages: {
      noFile: "There is no file '{file}'",
      notLoaded: "'{file}' could not be loaded: {reason}",
      notLoadedInTime:
        "'{file}' was not loaded within {ms} ms: an await at the top level of a file still waits, or raise --timeout",
      noModule: "'{file}' exports no class with @Module",
      severalModules:
        "'{file}' exports several modules ({modules}), none of them AppModule or the default: choose one by --module",
      notExported: "'{file}' exports no module '{name}' ({hint})",
      notCreated: "The application of '{module}' could not be created: {reason}",
      late: "The application of '{module}' was not created within {ms} ms: a provider still waits for something, or raise --timeout",
      noBrokers: "'{module}' imports no MultiBrokerModule",
    },
  },
} as const satisfies Entries;
