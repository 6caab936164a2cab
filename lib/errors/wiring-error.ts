import { MultiBrokerError } from './multi-broker-error.js';

/** All wiring mistakes of an application, told together before anything connects. */
export class WiringError extends MultiBrokerError {
  /** Each mistake, with a code of its own. */
  readonly problems: readonly MultiBrokerError[];

  constructor(problems: readonly MultiBrokerError[]) {
    const lines = problems.map((problem) => `  - [${problem.code}] ${problem.message}`);
    super('MULTI_BROKER_WIRING', `The application is wired wrongly:\n${lines.join('\n')}\n`);
    this.name = 'WiringError';
    this.problems = problems;
  }
}
