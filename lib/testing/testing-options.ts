/** Options of `MultiBrokerTestingModule.configure()`. */
export interface TestingOptions {
  /**
   * Which brokers of one kind hear each other. Default `'by-kind'`: all of them, as if they were one cluster.
   * `'by-broker'`: none. A function gives each broker the name of its bus. On real brokers it has no say.
   */
  readonly bus?: 'by-kind' | 'by-broker' | ((broker: string) => string);
  /**
   * Where a system chooses at will, its twins draw by this integer: the member of a queue group, where messages
   * without a key begin, which of several lanes is served first. The same seed repeats a run, another one varies it.
   * Default: nothing is drawn, members take turns and who was ready first is first.
   */
  readonly seed?: number;
  /** The same test on the real brokers, with the same records. Default `false`. */
  readonly real?: boolean;
  /** How long `settled()` waits for handlers that run, in milliseconds of real time. Default 4,000. */
  readonly settleTimeoutMs?: number;
  /** The same on real brokers. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Default of `settleTimeoutMs`. */
export const SETTLE_TIMEOUT_MS = 4_000;

/** Default of `timeoutMs`. */
export const TIMEOUT_MS = 10_000;
