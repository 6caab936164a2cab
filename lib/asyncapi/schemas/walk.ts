import type { Json, JsonObject } from '../document-types.js';

/** Keywords whose value is data, and no schema. */
const DATA = new Set(['const', 'default', 'enum', 'example', 'examples']);

/** Keywords whose value has schemas by names of the application. */
const NAMED = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies', 'dependentSchemas']);

/** The schema with each schema in it changed; data and names of properties are left alone. */
export function eachSchema(schema: JsonObject, change: (inner: JsonObject) => JsonObject): JsonObject {
  const entries = Object.entries(schema).map(([key, value]) => {
    if (DATA.has(key)) return [key, value];
    return [key, NAMED.has(key) && isObject(value) ? byName(value, change) : within(value, change)];
  });
  return Object.fromEntries(entries) as JsonObject;
}

function byName(schemas: JsonObject, change: (inner: JsonObject) => JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, value]) => [name, within(value, change)]));
}

function within(value: Json | undefined, change: (inner: JsonObject) => JsonObject): Json | undefined {
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => within(one, change) as Json);
  return isObject(value) ? change(value) : value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
