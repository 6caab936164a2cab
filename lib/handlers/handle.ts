import { type Codec, isOwnCodec } from '../codec/index.js';
import type { Binding, DeliveryContext } from '../delivery/index.js';
import { decodeBody } from './decode.js';
import type { HandlerDeclaration } from './declaration.js';
import { isThenable } from './thenable.js';
import { validate } from './validate.js';

/** Decode, validate, call. Synchronous as far as codec, schema and handler are: a promise costs a turn each. */
export function handleOf(declaration: HandlerDeclaration, codec: Codec): Binding['handle'] {
  const { handler } = declaration;
  const { schema } = declaration.options;
  // To look for a promise in each payload is not cheap.
  const mayWait = !isOwnCodec(codec);
  const call = (context: DeliveryContext, payload: unknown): unknown => {
    context.decoded(payload);
    return declaration.call(context);
  };
  const callLater = (context: DeliveryContext, payload: PromiseLike<unknown>): unknown =>
    Promise.resolve(payload).then((value) => call(context, value));
  if (!schema) {
    return (context) => {
      const payload = decoded(context, codec, handler);
      return mayWait && isThenable(payload) ? callLater(context, payload) : call(context, payload);
    };
  }

  return (context) => {
    const payload = decoded(context, codec, handler);
    const checked =
      mayWait && isThenable(payload)
        ? Promise.resolve(payload).then((value) => validate(schema, value, context, handler))
        : validate(schema, payload, context, handler);
    return isThenable(checked) ? callLater(context, checked) : call(context, checked);
  };
}

/** The user's filter, which sees the decoded payload: the handler is then not made to decode it again. */
export function filterOf({ handler, options }: HandlerDeclaration, codec: Codec): Binding['filter'] {
  const { filter } = options;
  if (filter === undefined) return undefined;
  return (context) =>
    next(decodeBody(context, codec, handler), (payload) => {
      context.decoded(payload);
      return filter(context.message);
    }) as boolean | PromiseLike<boolean>;
}

function decoded(context: DeliveryContext, codec: Codec, handler: string): unknown {
  const { payload } = context.message;
  return payload === undefined ? decodeBody(context, codec, handler) : payload;
}

function next(value: unknown, go: (value: unknown) => unknown): unknown {
  return isThenable(value) ? Promise.resolve(value).then(go) : go(value);
}
