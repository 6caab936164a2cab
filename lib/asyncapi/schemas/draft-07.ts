import type { JsonObject } from '../document-types.js';
import { eachSchema, isObject } from './walk.js';

/**
 * A schema of OpenAPI 3.0, which the decorators of classes are made for, as JSON Schema of draft 7: `nullable` is a type,
 * an exclusive limit a number, an `example` one of `examples`. What is an object in OpenAPI alone is left out: `examples` by
 * name, and a `discriminator` with its mapping.
 */
export function toDraft07(schema: JsonObject): JsonObject {
  const { nullable, example, ...given } = eachSchema(schema, toDraft07);
  const rest = Object.fromEntries(
    Object.entries(given).filter(([key, value]) => !(OBJECTS.has(key) && isObject(value))),
  );
  const limits = { ...limit(rest, 'exclusiveMinimum', 'minimum'), ...limit(rest, 'exclusiveMaximum', 'maximum') };
  const examples = example === undefined ? undefined : { examples: [example] };
  const own = withoutUndefined({ ...rest, ...limits, ...examples });
  return nullable === true ? withNull(own) : own;
}

const OBJECTS = new Set(['discriminator', 'examples']);

type Limit = 'exclusiveMinimum' | 'exclusiveMaximum';

/** `minimum: 0, exclusiveMinimum: true` is `exclusiveMinimum: 0`. */
function limit(schema: JsonObject, exclusive: Limit, inclusive: string): JsonObject {
  const value = schema[exclusive];
  if (typeof value !== 'boolean') return {};
  return value ? { [exclusive]: schema[inclusive], [inclusive]: undefined } : { [exclusive]: undefined };
}

function withNull(schema: JsonObject): JsonObject {
  const { type } = schema;
  if (typeof type === 'string') return { ...schema, type: [type, 'null'] };
  return { anyOf: [schema, { type: 'null' }] };
}

function withoutUndefined(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
