import { errorOf, type OptionNames, unknownOptions } from '../errors/index.js';

/** What {@link MultiBrokerHealthIndicator.isHealthy} checks. */
export interface MultiBrokerHealthOptions {
  /**
   * Names of the brokers to check, each as what it is. Default: all, where one with `critical: false` that is down counts
   * as degraded.
   */
  readonly brokers?: readonly string[];
  /** The status from which on the check fails. Default `down`; `degraded` fails for both. */
  readonly failOn?: 'down' | 'degraded';
  /**
   * How many messages may wait for any handler of these brokers, as `HandlerHandle.lag()` counts them. It asks the servers,
   * once in 5 s however often it is called; one that does not answer within 5 s fails the check. Default: lag is not checked.
   */
  readonly maxLag?: number;
}

const NAMES: OptionNames<MultiBrokerHealthOptions> = { brokers: true, failOn: true, maxLag: true };

/** @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID */
export function checkHealthOptions(options: MultiBrokerHealthOptions): void {
  const [unknown] = unknownOptions(options, NAMES);
  if (unknown !== undefined) throw errorOf('MULTI_BROKER_OPTION_INVALID.reported', { problem: unknown });
  const { brokers, failOn, maxLag } = options as Readonly<Record<keyof MultiBrokerHealthOptions, unknown>>;
  if (brokers !== undefined && !isNames(brokers)) throw mustBe('brokers', 'a list of names, at least one', brokers);
  if (failOn !== undefined && failOn !== 'down' && failOn !== 'degraded') {
    throw mustBe('failOn', "'down' or 'degraded'", failOn);
  }
  if (maxLag !== undefined && !(typeof maxLag === 'number' && maxLag >= 0)) {
    throw mustBe('maxLag', 'a number of messages, 0 or more', maxLag);
  }
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function mustBe(option: keyof MultiBrokerHealthOptions, expected: string, value: unknown): Error {
  const shown = typeof value === 'object' ? 'an object' : JSON.stringify(value);
  return errorOf('MULTI_BROKER_OPTION_INVALID.mustBe', { option: `isHealthy(): ${option}`, expected, value: shown });
}
