import type { ManagedMultiBroker } from '../lifecycle/index.js';
import { nextTurn, realNow, realSleep } from './real-time.js';
import type { TestDrivers } from './test-drivers.js';

/** More deliveries than this in one wait are a loop that does not end. */
const MOST_DELIVERIES = 100_000;

/** After so many turns of the event loop in which nothing but handlers runs, the processor is left to them. */
const BUSY_TURNS = 100;

/** Whether all is at rest now: what is left waits for the clock, or for somebody to settle it. */
export function isStill(brokers: ManagedMultiBroker, drivers: TestDrivers): boolean {
  if (drivers.turns.busy) return false;
  const { moving } = brokers;
  if (drivers.isReal) return moving === 0 && !waitsInRealTime(brokers, drivers);
  return moving === 0 || moving <= waitingForClock(drivers);
}

/**
 * Resolves when all is at rest; exact, as delivery tells what moves. False: that took too long, or was no rest but a
 * loop of messages.
 */
export async function untilStill(brokers: ManagedMultiBroker, drivers: TestDrivers): Promise<boolean> {
  const end = realNow() + drivers.patienceMs;
  const most = drivers.deliveries.count + MOST_DELIVERIES;
  // What was set off a moment ago comes to its first wait.
  await nextTurn();
  for (let turn = 0; !isStill(brokers, drivers); turn++) {
    if (drivers.deliveries.count > most) return false;
    if (realNow() > end) return tooLong(drivers);
    await (turn < BUSY_TURNS || drivers.turns.busy ? nextTurn() : realSleep(1));
  }
  return true;
}

/** What has a limit may run until then: from now on it counts as waiting for the clock. */
function tooLong({ deliveries }: TestDrivers): false {
  for (const record of deliveries.limited) record.stuck = true;
  return false;
}

/** Lanes and destinations that count as moving and wait for the clock. */
function waitingForClock({ waits, deliveries }: TestDrivers): number {
  const stuck = new Set(deliveries.limited.filter((record) => record.stuck));
  const calls = deliveries.running.filter((record) => stuck.has(record) || waits.has(record.incoming));
  return calls.length + waits.writes.length;
}

/** On real servers nobody moves a clock: what follows by itself within the time of a retry is waited for. */
function waitsInRealTime(brokers: ManagedMultiBroker, { deliveries }: TestDrivers): boolean {
  const retries = deliveries.waiting.some(({ wait }) => wait?.what === 'retry');
  return retries || brokers.waiting().some(({ tries }) => tries.length > 0);
}
