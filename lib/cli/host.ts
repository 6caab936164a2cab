/** The process that runs a command, as far as the command needs it. */
export interface CommandHost {
  /** Arguments behind the name of the program. */
  readonly args: readonly string[];
  /** The folder that file names begin at. */
  readonly cwd: string;
  /** Loads a file of the application, ES module or CommonJS. */
  load(file: string): Promise<unknown>;
  /** Writes to the standard output, which has the result and nothing else. */
  print(text: string): void;
  /** Writes to the standard error. */
  report(text: string): void;
}

/** Exit codes of every command. `wrong`: the application has mistakes, or a server lacks something. */
export const EXIT = { fine: 0, wrong: 1, badInput: 2 } as const;

/** An exit code. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
