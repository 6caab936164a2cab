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
    if (realNow() > end || drivers.deliveries.count > most) return false;
    await (turn < BUSY_TURNS || drivers.turns.busy ? nextTurn() : realSleep(1));
  }
  return true;
}

/** Lanes and destinations that count as moving and wait for the clock. */
function waitingForClock({ waits, deliveries }: TestDrivers): number {
  const calls = deliveries.running.filter(({ incoming }) => waits.has(incoming));
  return calls.length + waits.writes.length;
}

/** On real servers nobody moves a clock: what follows by itself within the time of a retry is waited for. */
function waitsInRealTime(brokers: ManagedMultiBroker, { deliveries }: TestDrivers): boolean {
  const retries = deliveries.waiting.some(({ wait }) => wait?.what === 'retry');
  return retries || brokers.waiting().some(({ tries }) => tries.length > 0);
}
