import { tracingChannel } from 'node:diagnostics_channel';

/**
 * The channels of one operation, as Node makes them. Node's own type is not named: its parameters have another order in
 * @types/node 26 than before it, so that declarations with them would compile on one side only.
 */
export interface TraceChannels<T extends object> {
  readonly hasSubscribers: boolean;
  readonly start: TraceChannel<T> & { runStores<R>(trace: T, act: () => R): R };
  readonly end: TraceChannel<T>;
  readonly asyncEnd: TraceChannel<T>;
  readonly error: TraceChannel<T>;
}

interface TraceChannel<T extends object> {
  readonly name: string | symbol;
  readonly hasSubscribers: boolean;
  publish(trace: T): void;
}

export function traceChannels<T extends object>(name: string): TraceChannels<T> {
  return tracingChannel<unknown, T>(name);
}
