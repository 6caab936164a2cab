import type { Codec } from '../../codec/index.js';
import { type BatchBinding, type Binding, DeliveredBatch, type HandlerResult } from '../../delivery/index.js';
import type { BatchOptions } from '../../driver/index.js';
import type { HandlerDeclaration } from '../declaration.js';
import { batchResult, failuresIn } from './batch-result.js';

/** How a handler with the option `batch` is called: with several messages, and with one that is called again alone. */
export type BatchHandling = Pick<Binding, 'handle' | 'items'> & { readonly batch: BatchBinding };

/** @param prepared decodes and validates one message, and then calls `declaration.call` */
export function batchHandling(
  declaration: HandlerDeclaration,
  codec: Codec,
  prepared: (declaration: HandlerDeclaration, codec: Codec) => Binding['handle'],
  { maxSize, maxWaitMs = 0, maxBytes }: BatchOptions,
): BatchHandling {
  const { handler, broker } = declaration;
  const by = { handler, broker: typeof broker === 'string' ? broker : broker.name };
  const publishes = declaration.publishTo.length > 0;
  const prepare = prepared({ ...declaration, call: () => undefined }, codec) as BatchBinding['prepare'];
  const handle: BatchBinding['handle'] = async (contexts) => {
    try {
      return await batchResult(await declaration.call(new DeliveredBatch(contexts)), contexts.length, by);
    } catch (thrown) {
      return failuresIn(thrown, contexts.length, { ...by, publishes });
    }
  };
  const alone: Binding['handle'] = async (context) => {
    await prepare(context);
    return onlyOf(await handle([context]));
  };
  // Results of a batch are items already.
  return { batch: { maxSize, maxWaitMs, maxBytes, prepare, handle }, handle: alone, items: undefined };
}

function onlyOf(result: Awaited<ReturnType<BatchBinding['handle']>>): HandlerResult {
  if (result.ofAll !== undefined) return result.ofAll;
  if (result.failures?.has(0) === true) throw result.failures.get(0);
  return result.ofEach[0];
}
