import type { NextTry, WaitingLane } from '../delivery/index.js';
import type { BrokerWaiting } from '../lifecycle/index.js';
import type { PendingTimer } from '../twin/index.js';
import type { RecordedDelivery } from './recorded-delivery.js';

/**
 * Why something waits. `retry`: for its next call in place (real brokers; on twins that follows at once). `hold`: a
 * Kafka message that comes again at the head of its partition. `redelivery`: a JetStream message that was nacked.
 * `manual`: a message that its handler has not settled yet; what the server sends again meanwhile is taken for a copy.
 * `queued`: messages behind one of these, or of a paused subscription. `publish-retry`: a publish that was not confirmed
 * and is tried again. `publish`: one that a fault delays. `timer`: anything else that waits for the clock.
 */
export type PendingReason =
  'retry' | 'hold' | 'redelivery' | 'manual' | 'queued' | 'publish-retry' | 'publish' | 'timer';

/** What waits: for the clock where it has a `dueAt`, else for something that the application or the test does. */
export interface PendingItem {
  readonly why: PendingReason;
  readonly broker?: string;
  readonly handler?: string;
  /** The topic or subject of the message; of `queued`, what is read, such as `incoming[3]`. */
  readonly destination?: string;
  /** As `message.id`. */
  readonly position?: string;
  /** Of the newest call. */
  readonly attempt?: number;
  /** How many messages. */
  readonly messages?: number;
  /** Why it was not confirmed, or what the handler failed with. */
  readonly error?: Error;
  /** Of a `timer`: what for, in a few words, where that is known. */
  readonly what?: string;
  /** When it goes on, in milliseconds since the epoch. */
  readonly dueAt?: number;
  /** The same in milliseconds from now. */
  readonly inMs?: number;
}

/** All that is looked at. */
export interface PendingSources {
  readonly now: number;
  readonly deliveries: readonly RecordedDelivery[];
  readonly brokers: readonly BrokerWaiting[];
  readonly writes: readonly PendingItem[];
  readonly timers: readonly PendingTimer[];
}

/** Timers that stand for what is listed as a delivery or a publish, or that wake nothing that waits. */
const TOLD_OTHERWISE = new Set(['retry', 'hold', 'redelivery', 'ack-wait', 'publish-retry', 'publish', 'lease']);

/** What waits, by due time; what waits for no time comes last. */
export function pendingItems(sources: PendingSources): readonly PendingItem[] {
  const { now, deliveries, brokers, writes, timers } = sources;
  const items = [
    ...deliveries.map(deliveryItem),
    ...brokers.flatMap(({ broker, lanes }) => lanes.map((lane) => laneItem(broker, lane))),
    ...brokers.flatMap(({ broker, tries }) => tries.map((next) => tryItem(broker, next))),
    ...writes,
    ...timers.filter(({ what = '' }) => !TOLD_OTHERWISE.has(what)).map(timerItem),
  ];
  return items.map((item) => withDelay(item, now)).sort((one, other) => dueAt(one) - dueAt(other) || 0);
}

/** In one line, for messages. */
export function pendingLine({ why, broker, handler, destination, messages = 1, what, inMs }: PendingItem): string {
  const named = [why, what, handler, broker !== undefined && `on '${broker}'`, destination && `(${destination})`];
  const many = messages > 1 ? `, ${String(messages)} messages` : '';
  const when = inMs === undefined ? '' : `, in ${String(inMs)} ms`;
  return `${named.filter(Boolean).join(' ')}${many}${when}`;
}

function deliveryItem(record: RecordedDelivery): PendingItem {
  const { broker, handler, incoming, error, last } = record;
  return {
    ...reasonOf(record),
    broker,
    handler,
    destination: incoming.address,
    position: incoming.position,
    attempt: last?.attempt ?? 1,
    messages: 1,
    ...(error !== undefined && { error }),
  };
}

function reasonOf(record: RecordedDelivery): Pick<PendingItem, 'why' | 'dueAt'> {
  const { wait, settlement } = record;
  if (wait !== undefined) return { why: wait.what, dueAt: wait.dueAt };
  if (typeof settlement === 'object') return { why: 'redelivery', dueAt: record.settledAt + settlement.againInMs };
  return { why: 'manual' };
}

function laneItem(broker: string, { lane, binding, messages }: WaitingLane): PendingItem {
  return { why: 'queued', broker, handler: binding.handler, destination: lane.name, messages };
}

function tryItem(broker: string, { to, messages, dueAt, error }: NextTry): PendingItem {
  return { why: 'publish-retry', broker, destination: to.address, messages: messages.length, error, dueAt };
}

function timerItem({ at, what }: PendingTimer): PendingItem {
  return { why: 'timer', ...(what !== undefined && { what }), dueAt: at };
}

function withDelay(item: PendingItem, now: number): PendingItem {
  return item.dueAt === undefined ? item : { ...item, inMs: item.dueAt - now };
}

function dueAt(item: PendingItem): number {
  return item.dueAt ?? Number.MAX_SAFE_INTEGER;
}
