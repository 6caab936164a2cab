import type { NextTry, WaitingLane } from '../delivery/index.js';
import { type BrokerWaiting, type HeldSource, whyHeld } from '../lifecycle/index.js';
import type { BusWait, PendingTimer } from '../twin/index.js';
import type { PendingItem } from './pending-item.js';
import type { RecordedDelivery } from './recorded-delivery.js';

/** All that is looked at. */
export interface PendingSources {
  readonly now: number;
  /** Calls that run and have a limit. */
  readonly limited: readonly RecordedDelivery[];
  readonly deliveries: readonly RecordedDelivery[];
  readonly brokers: readonly BrokerWaiting[];
  readonly buses: readonly BusWaiting[];
  readonly writes: readonly PendingItem[];
  readonly timers: readonly PendingTimer[];
}

/** What waits for one broker on the bus of its twin. */
export interface BusWaiting {
  readonly broker: string;
  readonly isDown: boolean;
  /** When its connection comes back by itself. */
  readonly backAt: number | undefined;
  readonly waits: readonly BusWait[];
}

/** Timers that stand for what is listed as a delivery or a publish, or that wake nothing that waits. */
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

/** What waits, by due time; what waits for no time comes last. */
export function pendingItems(sources: PendingSources): readonly PendingItem[] {
  const { now, limited, deliveries, brokers, buses, writes, timers } = sources;
  const told = new Set(buses.map(({ broker }) => broker));
  const items = [
    ...limited.map(limitItem),
    ...deliveries.filter((record) => tellsItself(record, told)).map(deliveryItem),
    ...buses.flatMap((bus) => busItems(bus, deliveries)),
    ...brokers.flatMap(({ broker, lanes }) => lanes.map((lane) => laneItem(broker, lane))),
    ...brokers.flatMap(({ broker, held }) => held.map((source) => heldItem(broker, source))),
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
  return { ...reasonOf(record), broker: record.broker, ...deliveredItem(record) };
}

function limitItem(record: RecordedDelivery): PendingItem {
  const { broker, limitAt } = record;
  return { why: 'processing', broker, ...deliveredItem(record), ...(limitAt !== undefined && { dueAt: limitAt }) };
}

function deliveredItem({ handler, incoming, error, last }: RecordedDelivery): Omit<PendingItem, 'why'> {
  return {
    handler,
    destination: incoming.address,
    position: incoming.position,
    attempt: last?.attempt ?? 1,
    messages: 1,
    ...(error !== undefined && { error }),
  };
}

/** What the server brings again is told by the twin's bus, where it tells: it knows what comes no more. */
function tellsItself(
  { wait, delivery, settlement, broker, lost }: RecordedDelivery,
  told: ReadonlySet<string>,
): boolean {
  if (wait !== undefined || delivery.lane.again !== 'server') return true;
  const comesAgain = typeof settlement === 'object';
  return comesAgain ? !told.has(broker) : !lost;
}

/** Of a broker that is up, `unread` is what nobody of the application reads any more: it waits for nothing. */
function busItems(
  { broker, isDown, backAt, waits }: BusWaiting,
  deliveries: readonly RecordedDelivery[],
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

function isOf({ delivery: { lane }, incoming }: RecordedDelivery, wait: BusWait): boolean {
  return lane.name === wait.lane && incoming.position === wait.message?.position;
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
