import { asError, WiringError } from '../errors/index.js';
import { mistakeOf, mistakesText } from './check/index.js';
import { parseCommandLine } from './command-line.js';
import { COMMAND_RUNS } from './command-runs.js';
import { helpOf } from './commands.js';
import { type CommandHost, EXIT, type ExitCode } from './host.js';
import { loadRoot } from './load-root.js';
import { errorLine, errorStack } from './shown-error.js';

/** Runs the command that the arguments name, and never rejects. The exit code is that of the process. */
export async function main(host: CommandHost): Promise<ExitCode> {
  try {
    const line = parseCommandLine(host.args);
    if (!line.help) return await COMMAND_RUNS[line.command](await loadRoot(line, host), line, host);
    host.print(helpOf(line.command));
    return EXIT.fine;
  } catch (thrown) {
    return failed(asError(thrown), host);
  }
}

function failed(error: Error, host: CommandHost): ExitCode {
  if (error instanceof WiringError) {
    host.report(mistakesText(error.problems.map(mistakeOf)));
    return EXIT.wrong;
  }
  host.report(`${host.args.includes('--verbose') ? errorStack(error) : errorLine(error)}\n`);
  return EXIT.badInput;
}
