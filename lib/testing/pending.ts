import type { NextTry, WaitingLane } from '../delivery/index.js';
import { type BrokerWaiting, type HeldSource, whyHeld } from '../lifecycle/index.js';
import type { BacklogEntry, PendingTimer } from '../twin/index.js';
import type { TrackedDelivery } from './tracked-delivery.js';

/** The state from which pending items are collected. */
export interface PendingSources {
  readonly now: number;
  /** Running calls with a time limit. */
  readonly limited: readonly TrackedDelivery[];
  readonly deliveries: readonly TrackedDelivery[];
  readonly brokers: readonly BrokerWaiting[];
  readonly buses: readonly BusWaiting[];
  readonly writes: readonly PendingItem[];
  readonly timers: readonly PendingTimer[];
}

/** Messages waiting for one broker on the bus of its twin. */
export interface BusWaiting {
  readonly broker: string;
  readonly isDown: boolean;
  /** When a fault that has cut its connection ends. */
  readonly backAt: number | undefined;
  readonly waits: readonly BacklogEntry[];
}

/** Timers that are listed as a delivery or publish already, or that no pending work waits for. */
const TOLD_OTHERWISE = new Set([
  'retry',
  'hold',
  'redelivery',
  'ack-wait',
  'publish-retry',
  'publish',
  'lease',
  'processing',
]);

/** Pending items by due time; those without one come last. */
export function pendingItems(sources: PendingSources): readonly PendingItem[] {
  const { now, limited, deliveries, brokers, buses, writes, timers } = sources;
  const listedByBus = new Set(buses.map(({ broker }) => broker));
  const items = [
    ...limited.map(limitItem),
    ...deliveries.filter((record) => isListedByItself(record, listedByBus)).map(deliveryItem),
    ...buses.flatMap((bus) => busItems(bus, deliveries)),
    ...brokers.flatMap(({ broker, lanes }) => lanes.map((lane) => laneItem(broker, lane))),
    ...brokers.flatMap(({ broker, held }) => held.map((source) => heldItem(broker, source))),
    ...brokers.flatMap(({ broker, tries }) => tries.map((next) => tryItem(broker, next))),
    ...writes,
    ...timers.filter(({ what = '' }) => !TOLD_OTHERWISE.has(what)).map(timerItem),
  ];
  return items.map((item) => withDelay(item, now)).sort((one, other) => dueAt(one) - dueAt(other) || 0);
}

/** A pending item in one line, for error messages. */
export function pendingLine({ why, broker, handler, destination, messages = 1, what, inMs }: PendingItem): string {
  const named = [why, what, handler, broker !== undefined && `on '${broker}'`, destination && `(${destination})`];
  const many = messages > 1 ? `, ${String(messages)} messages` : '';
  const when = inMs === undefined ? '' : `, in ${String(inMs)} ms`;
  return `${named.filter(Boolean).join(' ')}${many}${when}`;
}

function deliveryItem(record: TrackedDelivery): PendingItem {
  return { ...reasonOf(record), broker: record.broker, ...deliveredItem(record) };
}

function limitItem(record: TrackedDelivery): PendingItem {
  const { broker, limitAt } = record;
  return { why: 'processing', broker, ...deliveredItem(record), ...(limitAt !== undefined && { dueAt: limitAt }) };
}

function deliveredItem({ handler, incoming, error, last }: TrackedDelivery): Omit<PendingItem, 'why'> {
  return {
    handler,
    destination: incoming.address,
    position: incoming.position,
    attempt: last?.attempt ?? 1,
    messages: 1,
    ...(error !== undefined && { error }),
  };
}

/** Redeliveries are listed by the twin's bus where it can: it knows which messages are no longer redelivered. */
function isListedByItself(
  { wait, delivery, settlement, broker, lost }: TrackedDelivery,
  listedByBus: ReadonlySet<string>,
): boolean {
  if (wait !== undefined || delivery.lane.redelivery !== 'server') return true;
  const comesAgain = typeof settlement === 'object';
  return comesAgain ? !listedByBus.has(broker) : !lost;
}

/** On a connected broker, `unread` messages have no reader in the application any more: they are not pending. */
function busItems(
  { broker, isDown, backAt, waits }: BusWaiting,
  deliveries: readonly TrackedDelivery[],
): PendingItem[] {
  return waits
    .filter(({ why }) => why !== 'unread' || isDown)
    .map((wait) => {
      const { why, messages, lane, message, what, dueAt = why === 'unread' ? backAt : undefined } = wait;
      const place = { destination: message?.address ?? lane, ...(message && { position: message.position }) };
      const seen = deliveries.find((record) => record.broker === broker && isOf(record, wait));
      return {
        why,
        broker,
        ...(seen === undefined ? { ...place, messages } : deliveredItem(seen)),
        ...(what !== undefined && { what }),
        ...(dueAt !== undefined && { dueAt }),
      };
    });
}

function isOf({ delivery: { lane }, incoming }: TrackedDelivery, wait: BacklogEntry): boolean {
  return lane.name === wait.lane && incoming.position === wait.message?.position;
}

function reasonOf(record: TrackedDelivery): Pick<PendingItem, 'why' | 'dueAt'> {
  const { wait, settlement } = record;
  if (wait !== undefined) return { why: wait.what, dueAt: wait.dueAt };
  if (typeof settlement === 'object') return { why: 'redelivery', dueAt: record.settledAt + settlement.redeliverInMs };
  return { why: 'manual' };
}

function laneItem(broker: string, { lane, binding, messages }: WaitingLane): PendingItem {
  return { why: 'queued', broker, handler: binding.handler, destination: lane.name, messages };
}

function heldItem(broker: string, source: HeldSource): PendingItem {
  const { handler, source: read } = source.binding;
  return { why: 'target-down', broker, handler, destination: read.address, what: whyHeld(source) };
}

function tryItem(broker: string, { to, messages, handlers, dueAt, error }: NextTry): PendingItem {
  const [handler] = handlers;
  const of = handlers.length === 1 && handler !== undefined ? { handler } : {};
  return { why: 'publish-retry', broker, ...of, destination: to.address, messages: messages.length, error, dueAt };
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

/**
 * Why something is pending.
 *
 * - `retry`: a message waits for its retry in place (real brokers only; on twins the retry follows at once).
 * - `hold`: a failed or nacked message waits here for its next call: on Kafka at the head of its partition, with
 *   `concurrency` at the head of its key, on JetStream too.
 * - `redelivery`: a JetStream message was nacked.
 * - `ack-wait`: a JetStream message was delivered to a connection or process that is gone; it is redelivered after its
 *   ack wait.
 * - `manual`: the handler has not settled the message yet; JetStream redelivers it after its ack wait.
 * - `queued`: messages behind one of these, or of a paused subscription.
 * - `unread`: messages on a broker that is not connected now, or after a crash.
 * - `publish-retry`: a publish was not confirmed and will be retried.
 * - `target-down`: a source is not read, because a broker that its handler publishes to is down (`critical: false`);
 *   `what` names it.
 * - `publish`: a fault delays a publish.
 * - `processing`: a handler is running, until its `maxProcessingMs` has passed.
 * - `timer`: anything else that waits for the clock.
 */
export type PendingReason =
  | 'retry'
  | 'hold'
  | 'redelivery'
  | 'ack-wait'
  | 'manual'
  | 'queued'
  | 'unread'
  | 'publish-retry'
  | 'target-down'
  | 'publish'
  | 'processing'
  | 'timer';

/** Pending work: it waits for the clock if it has a `dueAt`, else for an action of the application or the test. */
export interface PendingItem {
  readonly why: PendingReason;
  readonly broker?: string;
  readonly handler?: string;
  /** Topic or subject of the message; for `queued` and `unread` the lane, such as `incoming[3]`. */
  readonly destination?: string;
  /** See `message.id`. */
  readonly position?: string;
  /** The latest attempt. */
  readonly attempt?: number;
  /** Number of messages. */
  readonly messages?: number;
  /** Why the publish was not confirmed, or the error of the handler. */
  readonly error?: Error;
  /**
   * For a `timer`, its description, if known. For messages kept by a twin, the group or durable that they wait for.
   */
  readonly what?: string;
  /** When it continues, in milliseconds since the epoch. */
  readonly dueAt?: number;
  /** The same in milliseconds from now. */
  readonly inMs?: number;
}
