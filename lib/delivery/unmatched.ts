import { errorOf } from '../errors/index.js';
import { reportUnmatched } from './failure-report.js';
import type { FailedDelivery } from './lane-context.js';
import { markRejection } from './rejection.js';

/**
 * For a message that no filter wants: counts it. Returns where it is acked.
 *
 * @throws MULTI_BROKER_UNMATCHED where it is to be rejected: under every ack policy, and without a retry
 */
export function passOver(delivery: FailedDelivery): void {
  const { binding, host, lane } = delivery.context;
  host.counts.unmatched++;
  if (binding.unmatched === 'reject') throw markRejection(unmatched(binding, lane.name));
  reportUnmatched(delivery);
}

function unmatched({ broker, handler }: { readonly broker: string; readonly handler: string }, lane: string): Error {
  return errorOf('MULTI_BROKER_UNMATCHED', { handler, lane, broker });
}
