import { MultiBrokerError } from '../errors/index.js';
import type { LaneOwner } from './lane-owner.js';

interface Cuttable {
  /** When the running call has to be over, by the clock of the brokers. */
  readonly limitAt: number;
  /** Aborts the signal of the running attempt. False: it was aborted before. */
  cutAttempt(reason: Error): boolean;
}

/**
 * Names a call that runs longer than `maxProcessingMs` and aborts its signal. Heartbeats go on while a handler runs,
 * so without this a stuck one would never be seen. The call itself cannot be ended from outside: its lane waits. A
 * promise and the sequence that it gives are one call.
 */
export function watchProcessingTime<T>(running: Promise<T>, owner: LaneOwner, delivery: Cuttable): Promise<T> {
  const { host, binding } = owner;
  const limit = binding.maxProcessingMs ?? 0;
  const about = {};
  const lapse = (): void => {
    const what = `${binding.handler} runs longer than ${String(limit)} ms on ${owner.lane.name} of broker '${binding.broker}'`;
    const error = new MultiBrokerError('MULTI_BROKER_PROCESSING_TIMEOUT', what, { handler: binding.handler });
    host.ailments.set(about, error.message);
    if (delivery.cutAttempt(error)) host.log.error(error.message);
  };
  const leftMs = Math.max(0, delivery.limitAt - host.clock.now());
  const cancel = host.clock.after(leftMs, lapse, 'processing');
  // A promise of another library may have no finally().
  return Promise.resolve(running).finally(() => {
    cancel();
    host.ailments.clear(about);
  });
}
