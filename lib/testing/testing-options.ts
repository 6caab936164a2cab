/** Options of `MultiBrokerTestingModule.configure()`. */
export interface TestingOptions {
  /** The same test on the real brokers, with the same records. Default `false`. */
  readonly real?: boolean;
  /** How long `settled()` waits for handlers that run, in milliseconds of real time. Default 4,000. */
  readonly settleTimeoutMs?: number;
  /** The same on real brokers. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Default of `settleTimeoutMs`. */
export const SETTLE_TIMEOUT_MS = 4_000;

/** Token of the options. */
export const TESTING_OPTIONS = Symbol('nestjs-multi-broker.testing-options');
