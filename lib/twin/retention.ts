import type { Log, Retention } from './log.js';
import type { Stored } from './message.js';

/**
 * What a partition, or a stream without limits, of a twin keeps. A server keeps far more, for days and on disk; this
 * is memory, and much more than a consumer is ever behind in a test.
 */
export const TWIN_RETENTION: Retention = { messages: 100_000, bytes: 64 * 1_048_576 };

/** What a message takes beside its body, about: key, headers and the objects around them. */
const OVERHEAD = 256;

/** How much of a retention by bytes a message takes. */
export function bytesOf({ body }: Stored): number {
  return OVERHEAD + (body?.length ?? 0);
}

/** Keeps a log within the twin's own bounds. */
export function keepWithinRetention(log: Log<Stored>): void {
  log.retain(TWIN_RETENTION);
}
