import { MultiBrokerError } from './multi-broker-error.js';

/** Why one broker did not start. */
export interface StartFailure {
  /** Name of the broker. */
  readonly broker: string;
  /** Why it failed. */
  readonly error: Error;
}

/** One or more brokers did not start; those that had are closed again. */
export class BrokerStartError extends MultiBrokerError {
  /** Each broker that failed, and why. */
  readonly failures: readonly StartFailure[];

  constructor(failures: readonly StartFailure[]) {
    const lines = failures.map(({ broker, error }) => `  - '${broker}': ${error.message}`);
    super('MULTI_BROKER_START_FAILED', `Brokers did not start:\n${lines.join('\n')}\n`, { cause: failures[0]?.error });
    this.name = 'BrokerStartError';
    this.failures = failures;
  }
}
