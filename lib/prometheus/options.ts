import type { Registry } from 'prom-client';
import { errorOf, type OptionNames, unknownOptions } from '../errors/index.js';

/** Options of {@link MultiBrokerMetricsModule}. */
export interface MultiBrokerMetricsOptions {
  /** Where the metrics are registered. Default: the `register` of `prom-client`. */
  readonly registry?: Registry;
  /** Begins the name of every metric. Default `multi_broker_`. */
  readonly prefix?: string;
  /** Upper bounds of the histogram of handler calls, in seconds, ascending. Default: from 1 ms to 30 s. */
  readonly buckets?: readonly number[];
}

export const DEFAULTS = {
  prefix: 'multi_broker_',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
} as const;

const NAMES: OptionNames<MultiBrokerMetricsOptions> = { registry: true, prefix: true, buckets: true };

/** @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID */
export function checkMetricsOptions(options: MultiBrokerMetricsOptions): void {
  const [unknown] = unknownOptions(options, NAMES);
  if (unknown !== undefined) throw errorOf('MULTI_BROKER_OPTION_INVALID.reported', { problem: unknown });
  const { prefix, buckets } = options as Readonly<Record<keyof MultiBrokerMetricsOptions, unknown>>;
  if (prefix !== undefined && !(typeof prefix === 'string' && /^([a-zA-Z_:][\w:]*)?$/.test(prefix))) {
    throw mustBe('prefix', 'letters, digits, _ and :, no digit first', JSON.stringify(prefix));
  }
  if (buckets !== undefined && !isAscending(buckets)) {
    throw mustBe('buckets', 'a list of ascending numbers of seconds, at least one', JSON.stringify(buckets));
  }
}

function isAscending(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  const bounds: readonly unknown[] = value;
  return bounds.every((one, at) => {
    const before = at === 0 ? 0 : bounds[at - 1];
    return typeof one === 'number' && typeof before === 'number' && one > before;
  });
}

function mustBe(option: keyof MultiBrokerMetricsOptions, expected: string, value: string): Error {
  const named = `MultiBrokerMetricsModule.forRoot(): ${option}`;
  return errorOf('MULTI_BROKER_OPTION_INVALID.mustBe', { option: named, expected, value });
}
