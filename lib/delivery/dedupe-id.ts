import { abandon } from '../async/index.js';
import type { DestinationSpec } from '../driver/index.js';
import { errorOf, type MultiBrokerError, phrase } from '../errors/index.js';
import type { ResultItem, Route } from './binding.js';
import { field, type Origin } from './encode.js';
import { type Sender, refusedType } from './field-checks.js';
import { isPrintable } from './headers.js';

/** The dedupe id that a publisher has chosen for an item; undefined: delivery's own. */
export function ownDedupeId(
  item: ResultItem,
  to: DestinationSpec,
  { broker, dedupeId }: Route,
  origin: Pick<Origin, 'handler' | 'context'>,
): string | undefined {
  const sender = { broker, handler: origin.handler };
  return checkedDedupeId(field(dedupeId, item, origin), to, sender);
}

/**
 * Checks an id of the user's: one that is written and not obeyed would make a duplicate look impossible.
 *
 * @throws MultiBrokerError MULTI_BROKER_OPTION_UNSUPPORTED, or MULTI_BROKER_OPTION_INVALID for what is no id
 */
export function checkedDedupeId(id: string | undefined, to: DestinationSpec, sender: Sender): string | undefined {
  if (id === undefined) return undefined;
  if (!to.dedupes) {
    abandon(id);
    throw effectless(to, sender);
  }
  if (typeof id === 'string' && isWrittenAsItIs(id)) return id;
  throw unprintable(id, sender);
}

function effectless({ name: destination }: DestinationSpec, { broker, handler }: Sender): MultiBrokerError {
  return handler === undefined
    ? errorOf('MULTI_BROKER_OPTION_UNSUPPORTED.publishedDedupeId', { broker, destination })
    : errorOf('MULTI_BROKER_OPTION_UNSUPPORTED.publishedDedupeIdOfHandler', { handler, broker, destination });
}

function unprintable(id: unknown, { broker, handler }: Sender): MultiBrokerError {
  const value = typeof id === 'string' ? phrase('unprintableId') : refusedType(id);
  return handler === undefined
    ? errorOf('MULTI_BROKER_OPTION_INVALID.publishedDedupeId', { broker, value })
    : errorOf('MULTI_BROKER_OPTION_INVALID.publishedDedupeIdOfHandler', { handler, broker, value });
}

/** Clients trim header values, and write a lone surrogate as U+FFFD: either makes one id of two. */
function isWrittenAsItIs(id: string): boolean {
  return isPrintable(id) && id.trim() === id && !/\p{Surrogate}/u.test(id);
}
