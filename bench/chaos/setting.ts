/** A way from one system to another that the faults hit. */
export interface Route {
  readonly name: string;
  readonly from: 'kafka' | 'jetstream';
  readonly to: 'kafka' | 'jetstream' | 'core';
  /** The handler gets arrays; otherwise eight messages at a time, in order by key. */
  readonly batch?: boolean;
  /** By its dedupe ids the target drops what is published once more. */
  readonly onceOnly?: boolean;
}

export const ROUTES: readonly Route[] = [
  { name: 'Kafka → JetStream', from: 'kafka', to: 'jetstream', onceOnly: true },
  { name: 'JetStream → Kafka', from: 'jetstream', to: 'kafka' },
  { name: 'Kafka → Kafka', from: 'kafka', to: 'kafka' },
  { name: 'Kafka → core', from: 'kafka', to: 'core' },
  { name: 'Kafka → JetStream, batches', from: 'kafka', to: 'jetstream', batch: true, onceOnly: true },
];

export const KEYS = 200;
export const PARTITIONS = 6;
export const CONCURRENCY = 8;
export const LARGEST_BATCH = 50;

/** One in a hundred can never be handled. */
export function isPoison(id: number): boolean {
  return id % 100 === 7;
}

/** One replica of the bridge. */
export interface Setting {
  readonly route: Route;
  readonly kafka: readonly string[];
  /** By a way that can be cut. */
  readonly nats: string;
  readonly place: Place;
  /** How long the handler takes. */
  readonly workMs: number;
  /** A stream that is the target has fast ingest. */
  readonly allowBatched: boolean;
}

/** The names of one run. */
export interface Place {
  readonly source: string;
  readonly target: string;
  readonly letters: string;
  /** Group, or durable. */
  readonly reader: string;
}

/** Where a process kills itself. */
export type Point = 'handled' | 'published' | 'parked';

export type Command = { readonly killAt: Point } | 'cut' | 'mend' | 'hurry';
