const rejections = new WeakSet<object>();

/**
 * Marks an error as a refusal of the message (a guard's, or the user's): it is rejected rather than retried, as a
 * refusal must not stall a partition.
 */
export function markRejection<E extends object>(error: E): E {
  rejections.add(error);
  return error;
}

/** Whether the error was marked as a refusal. */
export function isRejection(error: unknown): boolean {
  return typeof error === 'object' && error !== null && rejections.has(error);
}
