import { type MultiBrokerError, type OptionNames, problemOf, unknownOptions, errorAt } from '../errors/index.js';

/** Options of `TelemetryModule.forRoot()`. */
export interface TelemetryOptions {
  /** Whether spans show the key of a Kafka message, as the conventions recommend. Default `true`. */
  readonly messageKey?: boolean;
  /**
   * Whether the lag of each handler is a metric. Each time a reader collects, that is a request to the server for each
   * handler. Default `true`.
   */
  readonly lag?: boolean;
}

/** The options with every default filled in. */
export type ResolvedTelemetryOptions = Required<TelemetryOptions>;

const NAMES: OptionNames<TelemetryOptions> = { messageKey: true, lag: true };

export function resolveTelemetryOptions({ messageKey = true, lag = true }: TelemetryOptions): ResolvedTelemetryOptions {
  return { messageKey, lag };
}

/** @throws MULTI_BROKER_OPTION_INVALID */
export function refuseUnknownOptions(options: TelemetryOptions): void {
  const [unknown] = unknownOptions(options, NAMES);
  if (unknown !== undefined) throw problemAt(unknown);
}

function problemAt(problem: string): MultiBrokerError {
  return errorAt('TelemetryModule.forRoot()', problemOf('MULTI_BROKER_OPTION_INVALID.reported', { problem }));
}
