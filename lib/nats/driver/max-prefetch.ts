/**
 * The most messages that may wait here for their handler. A quarter of what the server lets out to all replicas, so
 * that one which stands still leaves enough for the others. None where deliveries are counted (`max_deliver`): the
 * server counts what was only fetched, and neither a nak nor a lease that ends takes that back.
 */
export function maxPrefetchOf(maxAckPending: number, maxDeliver: number): number {
  return maxDeliver > 0 ? 0 : Math.floor(maxAckPending / 4);
}
