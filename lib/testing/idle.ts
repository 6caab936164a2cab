import { nextTurn, realSleep } from '../async/index.js';
import type { ManagedMultiBroker } from '../lifecycle/index.js';
import { Patience } from './patience.js';
import type { TestRuntime } from './test-runtime.js';

/** More deliveries than this in one wait are treated as an endless loop. */
const MOST_DELIVERIES = 100_000;

/** Turns of the event loop after which polling backs off, to leave the processor to the handlers. */
const BUSY_TURNS = 100;

/** Whether everything is idle now: all remaining work waits for the clock, or for an explicit settlement. */
export function isStill(brokers: ManagedMultiBroker, drivers: TestRuntime): boolean {
  if (drivers.turns.busy) return false;
  const { moving } = brokers;
  if (drivers.isReal) return moving === 0 && !waitsInRealTime(brokers, drivers);
  return moving === 0 || moving <= waitingForClock(drivers);
}

/**
 * Resolves when everything is idle, which is exact because delivery counts running work. False: it took too long, or the
 * messages loop.
 */
export async function untilStill(brokers: ManagedMultiBroker, drivers: TestRuntime): Promise<boolean> {
  const patience = new Patience(drivers.patienceMs);
  const most = drivers.deliveries.count + MOST_DELIVERIES;
  // Work that was just started reaches its first wait.
  await nextTurn();
  for (let turn = 0; !isStill(brokers, drivers); turn++) {
    if (drivers.deliveries.count > most) return false;
    if (patience.isOver()) return tooLong(drivers);
    await (turn < BUSY_TURNS || drivers.turns.busy ? nextTurn() : realSleep(1));
  }
  return true;
}

/** Gives up waiting: from now on, calls with a time limit count as waiting for the clock. */
function tooLong({ deliveries }: TestRuntime): false {
  for (const record of deliveries.limited) record.stuck = true;
  return false;
}

/** Number of lanes and destinations that count as running but wait for the clock. */
function waitingForClock({ waits, deliveries }: TestRuntime): number {
  const stuck = new Set(deliveries.limited.filter((record) => record.stuck));
  const calls = deliveries.running.filter((record) => stuck.has(record) || waits.has(record.incoming));
  return calls.length + waits.writes.length;
}

/** Real servers have no test clock: retries, which follow by themselves, are waited for. */
function waitsInRealTime(brokers: ManagedMultiBroker, { deliveries }: TestRuntime): boolean {
  const retries = deliveries.waiting.some(({ wait }) => wait?.what === 'retry');
  return retries || brokers.waiting().some(({ tries }) => tries.length > 0);
}
