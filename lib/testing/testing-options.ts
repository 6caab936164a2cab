/** Options of `MultiBrokerTestingModule.configure()`. */
export interface TestingOptions {
  /**
   * Which brokers of one kind share messages. Default `'by-kind'`: all of them, as if they were one cluster.
   * `'by-broker'`: none. A function returns the name of a broker's bus. No effect on real brokers.
   */
  readonly bus?: 'by-kind' | 'by-broker' | ((broker: string) => string);
  /**
   * Seed, an integer, for choices that a system makes freely: the member of a queue group, the first partition of messages
   * without a key, the lane that is served first. The same seed repeats a run, another one varies it. Default: no random
   * choices, members take turns and lanes are served in the order in which they became ready.
   */
  readonly seed?: number;
  /** Runs the same test on the real brokers, with the same records. Default `false`. */
  readonly real?: boolean;
  /**
   * How long `settled()` waits for running handlers on twins, in milliseconds of real time, of which a moment in which the
   * process stood still counts for a tenth at most. Default 4,000.
   */
  readonly settleTimeoutMs?: number;
  /** The same for real brokers. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Default of `settleTimeoutMs`. */
export const SETTLE_TIMEOUT_MS = 4_000;

/** Default of `timeoutMs`. */
export const TIMEOUT_MS = 10_000;
