import type { Binding, Counts, DeliveryHost } from '../delivery/index.js';

/** What is known of one handler beyond a single subscription. */
export interface HandlerRecord {
  readonly counts: Counts;
  /** By `HandlerHandle.pause()`. Kept here, since a failed start or a stop replaces the active source. */
  paused: boolean;
}

/**
 * The handlers of one broker, by method and source rather than by binding: a broker that is added before a start has
 * all bindings made again. Each counts for itself, and health sums up, so that no message is counted twice.
 */
export class HandlerStates {
  private readonly records = new Map<unknown, Map<string, HandlerRecord>>();
  /** Of subscriptions of `broker.subscribe()`, which come and go. */
  private readonly others = newRecord();

  of({ method, source }: Pick<Binding, 'method' | 'source'>): HandlerRecord {
    if (method === undefined) return this.others;
    const ofClass = this.records.get(method.type) ?? new Map<string, HandlerRecord>();
    this.records.set(method.type, ofClass);
    const key = keyOf(method.name, source);
    const record = ofClass.get(key) ?? newRecord();
    ofClass.set(key, record);
    return record;
  }

  /** Without a record of a handler that has none. */
  isPaused({ method, source }: Pick<Binding, 'method' | 'source'>): boolean {
    if (method === undefined) return this.others.paused;
    return this.records.get(method.type)?.get(keyOf(method.name, source))?.paused === true;
  }

  /** The counters of all handlers and subscriptions together. */
  counts(): Counts {
    const sum = newCounts();
    for (const { counts } of this.all()) for (const name of names) sum[name] += counts[name];
    return sum;
  }

  /** Number of handler calls that run now. */
  get running(): number {
    let running = 0;
    for (const { counts } of this.all()) running += counts.running;
    return running;
  }

  /** Forgets all pauses, as a killed process does. */
  forgetPauses(): void {
    for (const record of this.all()) record.paused = false;
  }

  private *all(): Iterable<HandlerRecord> {
    yield this.others;
    for (const ofClass of this.records.values()) yield* ofClass.values();
  }
}

/** Gives each binding a host with its own counters; the rest is shared. */
export function countingApart(make: (counts: Counts) => DeliveryHost, states: HandlerStates): DeliveryHost {
  const hosts = new Map<HandlerRecord, DeliveryHost>();
  const ofBinding = (binding: Binding): DeliveryHost => {
    const record = states.of(binding);
    const host = hosts.get(record) ?? make(record.counts);
    hosts.set(record, host);
    return host;
  };
  return { ...make(newCounts()), ofBinding };
}

function keyOf(method: string, { name }: Binding['source']): string {
  return `${method} ${name}`;
}

function newCounts(): Counts {
  return { running: 0, handled: 0, failed: 0, rejected: 0, deadLettered: 0, dropped: 0, unpublished: 0, unmatched: 0 };
}

const names = Object.keys(newCounts()) as (keyof Counts)[];

function newRecord(): HandlerRecord {
  return { counts: newCounts(), paused: false };
}
