import type { ManagedMultiBroker } from '../lifecycle/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { TestDrivers } from './test-drivers.js';
import { SETTLE_TIMEOUT_MS } from './testing-options.js';

// Taken when the module loads, so that a test may hold the timers.
const { setImmediate: atNextTurn, setTimeout: startTimer } = globalThis;
const now = Date.now.bind(Date);

/** Resolves when nothing happens any more. Rejects with MULTI_BROKER_NOT_SETTLED when that takes too long. */
export async function untilStill(brokers: ManagedMultiBroker, drivers: TestDrivers): Promise<void> {
  const { real = false, settleTimeoutMs = SETTLE_TIMEOUT_MS, timeoutMs = 10_000 } = drivers.options;
  const end = now() + (real ? timeoutMs : settleTimeoutMs);
  // What was set off a moment ago comes to its first wait.
  await turn(false);
  while (drivers.turns.busy || brokers.moving > 0 || (real && brokers.busy)) {
    if (now() > end) throw notSettled(brokers);
    await turn(real);
  }
}

function turn(real: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (real) startTimer(resolve, 5);
    else atNextTurn(resolve);
  });
}

function notSettled(brokers: ManagedMultiBroker): MultiBrokerError {
  const open = brokers.brokers.map((broker) => {
    const { running, unsettled } = broker.health().counts;
    return `'${broker.name}': ${String(running)} running, ${String(unsettled)} unsettled`;
  });
  return new MultiBrokerError('MULTI_BROKER_NOT_SETTLED', `The brokers do not come to rest (${open.join('; ')})`);
}
