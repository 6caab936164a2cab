import { MultiBrokerError } from '../errors/index.js';
import type { LaneOwner } from './lane-owner.js';

interface Cuttable {
  /** Aborts the signal of the running attempt. */
  cutAttempt(reason: Error): void;
}

/**
 * Names a call that runs longer than `maxProcessingMs` and aborts its signal. Heartbeats go on while a handler runs,
 * so without this a stuck one would never be seen. The call itself cannot be ended from outside: its lane waits.
 */
export function watchProcessingTime<T>(running: Promise<T>, owner: LaneOwner, delivery: Cuttable): Promise<T> {
  const { host, binding } = owner;
  const limit = binding.maxProcessingMs ?? 0;
  const about = {};
  const lapse = (): void => {
    const what = `${binding.handler} runs longer than ${String(limit)} ms on ${owner.lane.name} of broker '${binding.broker}'`;
    const error = new MultiBrokerError('MULTI_BROKER_PROCESSING_TIMEOUT', what, { handler: binding.handler });
    host.log.error(error.message);
    host.ailments.set(about, error.message);
    delivery.cutAttempt(error);
  };
  const cancel = host.clock.after(limit, lapse, 'processing');
  // A promise of another library may have no finally().
  return Promise.resolve(running).finally(() => {
    cancel();
    host.ailments.clear(about);
  });
}
