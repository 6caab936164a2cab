import { rejectionIn } from './thrown-settlement.js';

const rejections = new WeakSet<object>();

/**
 * Marks an error as a refusal of the message, by a guard or by the user: it is rejected and not retried, as a refusal
 * must not stall a partition.
 */
export function markRejection<E extends object>(error: E): E {
  rejections.add(error);
  return error;
}

/** Whether the error was marked as a refusal, or is or wraps a {@link RejectMessage}. */
export function isRejection(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return rejections.has(error) || rejectionIn(error) !== undefined;
}
