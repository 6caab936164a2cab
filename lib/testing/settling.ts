import type { ManagedMultiBroker } from '../lifecycle/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { TestDrivers } from './test-drivers.js';
import { SETTLE_TIMEOUT_MS } from './testing-options.js';

// Taken when the module loads, so that a test may hold the timers.
const { setImmediate: atNextTurn, setTimeout: startTimer } = globalThis;
const now = Date.now.bind(Date);

/** With no handler running, what has not moved for so many turns of the event loop waits for the clock. */
const STILL_TURNS = 16;

/** Resolves when nothing happens any more. Rejects with MULTI_BROKER_NOT_SETTLED when that takes too long. */
export async function untilStill(brokers: ManagedMultiBroker, drivers: TestDrivers): Promise<void> {
  const { real = false, settleTimeoutMs = SETTLE_TIMEOUT_MS, timeoutMs = 10_000 } = drivers.options;
  const end = now() + (real ? timeoutMs : settleTimeoutMs);
  let still = 0;
  let before = '';
  while (drivers.turns.busy || (brokers.busy && still < STILL_TURNS)) {
    if (now() > end) throw notSettled(brokers);
    await turn(real);
    const seen = real || runs(brokers) || drivers.turns.busy ? '' : countsOf(brokers);
    still = seen !== '' && seen === before ? still + 1 : 0;
    before = seen;
  }
}

function turn(real: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (real) startTimer(resolve, 5);
    else atNextTurn(resolve);
  });
}

function runs(brokers: ManagedMultiBroker): boolean {
  return brokers.brokers.some((broker) => broker.health().counts.running > 0);
}

/** Changes with whatever happens to a delivery. */
function countsOf(brokers: ManagedMultiBroker): string {
  return JSON.stringify(brokers.brokers.map((broker) => broker.health().counts));
}

function notSettled(brokers: ManagedMultiBroker): MultiBrokerError {
  const open = brokers.brokers.map((broker) => {
    const { running, unsettled } = broker.health().counts;
    return `'${broker.name}': ${String(running)} running, ${String(unsettled)} unsettled`;
  });
  return new MultiBrokerError('MULTI_BROKER_NOT_SETTLED', `The brokers do not come to rest (${open.join('; ')})`);
}
