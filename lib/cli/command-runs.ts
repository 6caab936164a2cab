import type { LoadedApplication } from './application.js';
import { check, checkText, exitCodeOf } from './check/index.js';
import type { RunLine } from './command-line.js';
import type { CommandName } from './commands.js';
import { graphOf, mermaidOf } from './graph/index.js';
import { type CommandHost, EXIT, type ExitCode } from './host.js';
import { writeResult } from './write-result.js';

/** Runs one command. */
type CommandRun = (application: LoadedApplication, line: RunLine, host: CommandHost) => Promise<ExitCode>;

/** How each command runs. */
export const COMMAND_RUNS: Readonly<Record<CommandName, CommandRun>> = { graph: runGraph, check: runCheck };

async function runGraph(application: LoadedApplication, line: RunLine, host: CommandHost): Promise<ExitCode> {
  const graph = graphOf(application.topology());
  await writeResult(line.format === 'json' ? json(graph) : mermaidOf(graph), line, host);
  return EXIT.fine;
}

async function runCheck(application: LoadedApplication, line: RunLine, host: CommandHost): Promise<ExitCode> {
  const result = await check(application, line);
  await writeResult(line.format === 'json' ? json(result) : checkText(result, line.strict), line, host);
  return exitCodeOf(result, line.strict);
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
