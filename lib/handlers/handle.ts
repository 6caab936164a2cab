import type { Codec } from '../codec/index.js';
import type { Binding, DeliveryContext } from '../delivery/index.js';
import { decodeBody } from './decode.js';
import type { HandlerDeclaration } from './declaration.js';
import { isThenable } from './thenable.js';
import { validate } from './validate.js';

/** Decode, validate, call. Synchronous as far as codec, schema and handler are: a promise costs a turn each. */
export function handleOf(declaration: HandlerDeclaration, codec: Codec): Binding['handle'] {
  const { handler } = declaration;
  const { schema } = declaration.options;
  const call = (context: DeliveryContext, payload: unknown): unknown => {
    context.decoded(payload);
    return declaration.call(context);
  };
  if (!schema) return (context) => call(context, decoded(context, codec, handler));

  return (context) => {
    const checked = validate(schema, decoded(context, codec, handler), context, handler);
    return isThenable(checked)
      ? Promise.resolve(checked).then((payload) => call(context, payload))
      : call(context, checked);
  };
}

/** The user's filter, which sees the decoded payload: the handler is then not made to decode it again. */
export function filterOf({ handler, options }: HandlerDeclaration, codec: Codec): Binding['filter'] {
  const { filter } = options;
  if (filter === undefined) return undefined;
  return (context) => {
    context.decoded(decodeBody(context, codec, handler));
    return filter(context.message);
  };
}

function decoded(context: DeliveryContext, codec: Codec, handler: string): unknown {
  const { payload } = context.message;
  return payload === undefined ? decodeBody(context, codec, handler) : payload;
}
