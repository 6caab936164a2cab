import { codeOf } from '../../errors/index.js';
import type { Disposition, Park } from '../disposition.js';
import type { FailedDelivery, Failure, FailurePolicy } from '../lane-context.js';
import { isRejection } from '../rejection.js';
import { cannotSucceed } from '../retry.js';

const PARK: Park = { kind: 'park' };

/** Parks what the wrapped policy would give up, redeliver or drop, and what no further attempt can help. */
export class DeadLetters implements FailurePolicy {
  constructor(
    private readonly otherwise: FailurePolicy,
    /** For a letter that cannot be written: the message is never dropped where it can be kept. */
    private readonly unwritable: FailurePolicy,
  ) {}

  onFailure(failure: Failure, delivery: FailedDelivery): Disposition | Promise<Disposition> {
    if (failure.of === 'letter') return this.unwritable.onFailure(failure, delivery);
    return isGivenUp(failure, delivery) ? PARK : this.otherwise.onFailure(failure, delivery);
  }
}

function isGivenUp({ error, of }: Failure, { context: { lane, binding } }: FailedDelivery): boolean {
  // The application stops: the next one handles the message.
  if (codeOf(error) === 'MULTI_BROKER_STOPPED') return false;
  if (isRejection(error) || cannotSucceed(error)) return true;
  // Publishes are retried until they cannot succeed, or the application stops.
  if (of === 'publish') return false;
  return binding.ack !== 'manual' || lane.redelivery === 'none';
}
