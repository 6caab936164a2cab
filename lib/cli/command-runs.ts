import path from 'node:path';
import { AsyncApi, documentOf, svgOf } from '../asyncapi/index.js';
import { type Graph, graphOf } from '../lifecycle/index.js';
import type { LoadedApplication } from './application.js';
import { check, checkText, exitCodeOf } from './check/index.js';
import type { RunLine } from './command-line.js';
import type { CommandName } from './commands.js';
import { type CommandHost, EXIT, type ExitCode } from './host.js';
import { mermaidOf } from './mermaid.js';
import { packageFileOf } from './package-file.js';
import { writeFile } from 'node:fs/promises';
import { asError, errorOf } from '../errors/index.js';

/** Runs one command. */
type CommandRun = (application: LoadedApplication, line: RunLine, host: CommandHost) => Promise<ExitCode>;

/** How each command runs. */
export const COMMAND_RUNS: Readonly<Record<CommandName, CommandRun>> = {
  graph: runGraph,
  asyncapi: runAsyncApi,
  check: runCheck,
};

async function runGraph(application: LoadedApplication, line: RunLine, host: CommandHost): Promise<ExitCode> {
  const write = GRAPHS[line.format] ?? mermaidOf;
  await writeResult(write(graphOf(application.topology())), line, host);
  return EXIT.fine;
}

async function runAsyncApi(application: LoadedApplication, line: RunLine, host: CommandHost): Promise<ExitCode> {
  const {
    name = 'application',
    version = '0.0.0',
    description,
  } = await packageFileOf(path.resolve(host.cwd, line.file));
  const info = { title: line.title ?? name, version: line.version ?? version, ...(description && { description }) };
  const document = await documentOf(application.topology(), { info });
  await writeResult(line.format === 'yaml' ? await AsyncApi.yaml(document) : json(document), line, host);
  return EXIT.fine;
}

async function runCheck(application: LoadedApplication, line: RunLine, host: CommandHost): Promise<ExitCode> {
  const result = await check(application, line);
  await writeResult(line.format === 'json' ? json(result) : checkText(result, line.strict), line, host);
  return exitCodeOf(result, line.strict);
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** The formats of a graph. */
const GRAPHS: Readonly<Record<string, (graph: Graph) => string>> = { mermaid: mermaidOf, svg: svgOf, json };

/** Writes a result to the file of `--output`, or prints it. Rejects with MULTI_BROKER_CLI_USAGE. */
async function writeResult(text: string, { output: file }: RunLine, host: CommandHost): Promise<void> {
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
