import { auto, bytes, type Codec, json, jsonText, textOf } from '../codec/index.js';
import {
  BytesMessage,
  type DestinationSpec,
  type Headers,
  type Incoming,
  isPlainPayload,
  NO_HEADERS,
} from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { Binding, Route } from './binding.js';
import type { DeliveryHost, Outlet } from './delivery-host.js';
import type { AttemptContext } from './delivery-context.js';
import { typeAsItCame, unencodable } from './encode.js';
import { correlationIdOf, hopsOf, isUntraced } from './headers.js';
import {
  JsonPublication,
  type JsonSource,
  publisherOf,
  SinglePublication,
  type Unconfirmed,
} from './single-publication.js';

/** The delivery whose result is published. */
interface ResultOwner extends JsonSource {
  /** The publish that is not confirmed yet. */
  publishing: Unconfirmed | undefined;
}

/** The broker and destination of a route, once they are known. */
interface Way {
  readonly outlet: Outlet;
  readonly codec: Codec;
  readonly to: DestinationSpec;
  /** What follows the message's id in the dedupe id; undefined: there is none. */
  readonly publisher: string | undefined;
}

/**
 * The short way of most results: an object as JSON, or bytes as they are, to the only publisher of its handler, with no
 * headers but those that every result has. What follows from the options is decided once; what a message or a result has of
 * its own sends it the general way, by `publication.ts` and `encode.ts`, which makes the same message.
 */
export class PlainRoute {
  /** Null: its results go the general way. */
  private way: Way | null | undefined;

  private constructor(
    private readonly binding: Binding,
    private readonly route: Route,
    private readonly host: DeliveryHost,
  ) {}

  /** Undefined where the options of handler or publisher ask for more. */
  static of(binding: Binding, host: DeliveryHost): PlainRoute | undefined {
    const { routes, items, replies, admits, maxProcessingMs } = binding;
    const [route] = routes;
    if (route === undefined || routes.length > 1 || items === undefined) return undefined;
    // With a limit the call gives items.
    if (replies !== undefined || admits !== undefined || maxProcessingMs !== undefined) return undefined;
    return hasFieldsOfItsOwn(route) ? undefined : new PlainRoute(binding, route, host);
  }

  /** Whether what the handler returned for this message goes this way. */
  takes(returned: unknown, { message }: AttemptContext): returned is object {
    const isBytes = returned instanceof Uint8Array;
    if (!isBytes && !isPlainPayload(returned)) return false;
    if (message.incoming.replyTo !== undefined) return false;
    const headers = message.textHeaders;
    if (headers !== NO_HEADERS && !isUntraced(headers)) return false;
    if (this.way === undefined) this.way = this.find();
    const { way } = this;
    // Behind a codec that gives a promise nothing overtakes.
    if (way === undefined || way === null || way.codec === (isBytes ? json : bytes)) return false;
    return way.outlet.hooks?.any !== true && way.outlet.encodings.running === 0;
  }

  /**
   * Publishes what it {@link takes}. False: it has failed, which the delivery was told. Undefined: it has done nothing, as the
   * payload was passed on and its JSON is not what came, whose bytes may have to be kept.
   */
  publish(payload: object, context: AttemptContext, delivery: ResultOwner): boolean | undefined {
    const { outlet, to } = this.way as Way;
    try {
      if (payload instanceof Uint8Array) {
        delivery.publishing = SinglePublication.send(this.unchanged(payload, context, delivery), to, outlet, delivery);
        return true;
      }
      const publication = this.encoded(payload, context, delivery);
      if (publication === undefined) return undefined;
      outlet.send(to, publication);
      delivery.publishing = publication;
      return true;
    } catch (thrown) {
      delivery.published(asError(thrown));
      return false;
    }
  }

  private encoded(payload: object, context: AttemptContext, delivery: JsonSource): JsonPublication | undefined {
    const { codec, to, publisher } = this.way as Way;
    const { textHeaders: headers } = context.message;
    const isFirst = headers === NO_HEADERS;
    const hops = isFirst ? '1' : nextHop(headers);
    const correlation = isFirst ? undefined : correlationIdOf(headers);
    try {
      const text = jsonText(payload);
      if (payload === context.message.payload && !isText(delivery.incoming, text)) return undefined;
      return new JsonPublication(text, delivery, to, publisher, hops, correlation);
    } catch (thrown) {
      const { handler } = this.binding;
      throw unencodable(thrown, { codec, broker: this.route.broker, handler, context });
    }
  }

  private unchanged(payload: Uint8Array, context: AttemptContext, { incoming }: JsonSource): BytesMessage {
    const { publisher } = this.way as Way;
    const { textHeaders: headers } = context.message;
    if (headers === NO_HEADERS) return new BytesMessage(payload, undefined, incoming, publisher, '1', undefined);
    const type = typeAsItCame(payload, context);
    return new BytesMessage(payload, type, incoming, publisher, nextHop(headers), correlationIdOf(headers));
  }

  /** Undefined while the broker does not exist, which the general way reports, as it does a destination that is none. */
  private find(): Way | null | undefined {
    const { route, binding } = this;
    const outlet = this.host.outlet(route.broker);
    if (outlet === undefined) return undefined;
    const codec = route.codec ?? outlet.codec;
    if (codec !== auto && codec !== json && codec !== bytes) return null;
    const to = resolved(outlet, route);
    if (to === undefined || to.fill !== undefined) return null;
    return { outlet, codec, to, publisher: to.dedupes ? publisherOf(binding) : undefined };
  }
}

/** Whether it is exactly the body. Bytes that are no UTF-8 are read as replacement characters. */
function isText({ body, text: came }: Incoming, text: string): boolean {
  if (body === null || body.length < text.length) return false;
  return (came ?? textOf(body)) === text && !text.includes('\ufffd');
}

function nextHop(headers: Headers): string {
  return String(hopsOf(headers) + 1);
}

function hasFieldsOfItsOwn({ key, headers, forward, dedupeId, bestEffort }: Route): boolean {
  return bestEffort === true || [key, headers, forward, dedupeId].some((field) => field !== undefined);
}

function resolved(outlet: Outlet, { destination }: Route): DestinationSpec | undefined {
  try {
    return outlet.resolve(destination);
  } catch {
    return undefined;
  }
}
