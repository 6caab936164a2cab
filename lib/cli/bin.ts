#!/usr/bin/env node
import { pathToFileURL } from 'node:url';
import type { CommandHost, ExitCode } from './index.js';
import { libraryOf } from './library-copy.js';
// That file alone: which copy of the library is loaded is not known yet.
import { withoutCredentials } from '../errors/without-credentials.js';

const args = process.argv.slice(2);
const cwd = process.cwd();

// The result alone goes to the standard output: an application may write to it while it is loaded.
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

/** Connections that providers have opened may fail later, or keep the process up: neither is of interest. */
const ignored = (thrown: unknown): void => {
  if (args.includes('--verbose')) process.stderr.write(`Ignored: ${withoutCredentials(String(thrown))}\n`);
};
process.on('uncaughtException', ignored);
process.on('unhandledRejection', ignored);

// Until a command has ended: whatever ends the process before says nothing of the application.
process.exitCode = 2;
const exit = process.exit.bind(process);
process.exit = (code = process.exitCode): never => {
  throw new Error(`the application calls process.exit(${String(code)})`);
};

const host: CommandHost = {
  args,
  cwd,
  load: (file) => import(pathToFileURL(file).href),
  print: (text) => void print(text),
  report: (text) => void process.stderr.write(text),
};

run().then(end, (thrown: unknown) => {
  host.report(`${withoutCredentials(String(thrown))}\n`);
  end(2);
});

async function run(): Promise<ExitCode> {
  const library = libraryOf(args, cwd);
  const { main } = (await import(library ?? './index.js')) as typeof import('./index.js');
  return main(host);
}

/** Once both streams have taken everything: a pipe is slower than the process. */
function end(code: number): void {
  print('', () => process.stderr.write('', () => exit(code)));
}
