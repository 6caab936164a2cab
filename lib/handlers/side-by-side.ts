import { abandon, isThenable } from '../async/index.js';
import type { Codec } from '../codec/index.js';
import { type Binding, DeliveredMessage, refusedType, type SideBySide } from '../delivery/index.js';
import type { BrokerDefinition, BrokerMessage, ConcurrencyOptions, HandlerOptions, Incoming } from '../driver/index.js';
import { errorOf, type Problem, problemOf } from '../errors/index.js';
import { decoderOf, type Undecoded } from './payload.js';

type OrderBy = NonNullable<ConcurrencyOptions['orderBy']>;

/** The concurrency of a binding, with defaults applied. */
export interface Concurrency {
  readonly perLane: number;
  readonly total: number | undefined;
  readonly orderBy: OrderBy;
}

/** Takes each option from the handler, else from its broker; a plain number is `perLane`. */
export function concurrencyOf({ concurrency }: HandlerOptions, broker: HandlerOptions): Concurrency {
  const [own, theirs] = [asObject(concurrency), asObject(broker.concurrency)];
  return {
    perLane: own.perLane ?? theirs.perLane ?? 1,
    total: own.total ?? theirs.total,
    orderBy: own.orderBy ?? theirs.orderBy ?? 'key',
  };
}

/** The problem of options of a handler and its broker that do not fit together. */
export function concurrencyProblem(own: HandlerOptions, broker: HandlerOptions): Problem | undefined {
  const { perLane } = concurrencyOf(own, broker);
  if (perLane > 1 || asObject(own.concurrency).orderBy === undefined) return undefined;
  return problemOf('MULTI_BROKER_OPTION_INVALID.orderByAlone', {});
}

/** The calls side by side of a binding; undefined: one after another. */
export function sideBySideOf(concurrency: Concurrency, decoding: Decoding): Ordered | undefined {
  const { perLane, total } = concurrency;
  if (perLane > 1) return ordered(concurrency, decoding);
  // One order for all messages of a lane; its calls are counted with those of the other lanes.
  return total === undefined ? undefined : { sideBySide: { perLane, total, keyOf: () => '' } };
}

/** By what a payload is decoded. */
export interface Decoding {
  readonly definition: Pick<BrokerDefinition, 'name'>;
  readonly codec: Codec;
  readonly handler: string;
}

/** An order of calls, and what the handler is called through where the key of a message may not be found. */
export interface Ordered {
  readonly sideBySide: SideBySide;
  /** Fails the messages whose key was not found: they have no order, and are not handled. */
  readonly guard?: (handle: Binding['handle']) => Binding['handle'];
}

/** Of `orderBy`. Of all bindings: where several handlers share a source, one of them takes what another one's has failed for. */
const failures = new WeakMap<Incoming, { readonly thrown: unknown }>();

function ordered({ perLane, total, orderBy }: Concurrency, decoding: Decoding): Ordered {
  if (orderBy === 'key') return { sideBySide: { perLane, total, keyOf: ({ key }) => key } };
  if (orderBy === 'none') return { sideBySide: { perLane, total, keyOf: () => undefined } };
  const keyOf = (incoming: Incoming): string | undefined => {
    try {
      return checkedOrder(orderBy(messageOf(incoming, decoding)), decoding);
    } catch (thrown) {
      failures.set(incoming, { thrown });
      return undefined;
    }
  };
  const guard = (handle: Binding['handle']): Binding['handle'] => {
    return (context) => {
      const failure = failures.get((context.message as DeliveredMessage).incoming);
      if (failure !== undefined) throw failure.thrown;
      return handle(context);
    };
  };
  return { sideBySide: { perLane, total, keyOf }, guard };
}

/**
 * A promise or an object equals no other one: with it as its key each message would have an order of its own, in silence. A
 * number of a payload that is typed as `any` is as good as its text.
 */
function checkedOrder(given: unknown, { definition, handler }: Decoding): string | undefined {
  if (typeof given === 'string') return given;
  if (given === undefined || given === null) return undefined;
  if (typeof given === 'number' || typeof given === 'bigint') return String(given);
  const params = { handler, type: refusedType(given) };
  throw errorOf('MULTI_BROKER_OPTION_INVALID.orderByGives', params, { broker: definition.name });
}

/** The message as `orderBy` sees it: its payload is decoded only if it is read. */
function messageOf(incoming: Incoming, { definition, codec, handler }: Decoding): BrokerMessage {
  const message = new DeliveredMessage(incoming, incoming.deliveryCount);
  const context: Undecoded = {
    body: incoming.body,
    emptyMayBeNull: incoming.emptyMayBeNull === true,
    textHeaders: message.textHeaders,
    source: incoming.address,
    broker: definition,
  };
  const decode = (): unknown => {
    const payload = decoderOf(codec, handler)(context);
    if (!isThenable(payload)) return payload;
    abandon(payload);
    throw errorOf('MULTI_BROKER_OPTION_INVALID.orderByLater', { handler }, { broker: definition.name });
  };
  return Object.defineProperty(message, 'payload', { get: decode });
}

function asObject(concurrency: HandlerOptions['concurrency']): ConcurrencyOptions {
  return typeof concurrency === 'object' ? concurrency : concurrency === undefined ? {} : { perLane: concurrency };
}
