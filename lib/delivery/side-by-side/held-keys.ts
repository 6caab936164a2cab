import type { Lane } from '../../driver/index.js';

/** At most this many messages are fetched that wait for a call of their own key. */
const MOST_BEHIND = 1_000;
/** The same of a server's lane where they may wait for long, as a message of their key is held. */
const MOST_BEHIND_HELD = 10_000;

/**
 * A failed message that has a key stays here where its server would let the later ones pass: only here they are kept
 * behind it. Not where the server has to count its deliveries.
 */
export function redeliveryOfKeys({ redelivery, maxHeld }: Lane): Lane['redelivery'] {
  return redelivery === 'server' && maxHeld !== 0 ? 'in-place' : redelivery;
}

/**
 * How many messages may wait for others of their key before no more are fetched. Not to be kept: what a lane allows
 * follows the size of its messages.
 *
 * @param atOnce messages of all calls that the lane may have running
 */
export function mostBehind({ maxHeld, maxPrefetch = MOST_BEHIND }: Lane, atOnce: number): number {
  const most = maxHeld === undefined ? Math.min(MOST_BEHIND, maxPrefetch) : Math.min(MOST_BEHIND_HELD, maxHeld);
  return Math.max(atOnce, most);
}
