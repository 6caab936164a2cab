import { isDeepStrictEqual } from 'node:util';
import type { PayloadShape, StandardSchema } from '../../driver/index.js';
import type { JsonObject, Reference } from '../document-types.js';
import { componentKey, refTo } from '../keys.js';
import { classJsonSchema } from './class-json-schema.js';
import { SchemaComponents } from './components.js';
import { type Converted, type Side, standardJsonSchema } from './standard-json-schema.js';
import { eachSchema } from './walk.js';

/** A payload in the document. */
export interface PayloadSchema {
  /** Names the message. */
  readonly name: string;
  readonly payload?: Reference | JsonObject;
  /** Where it is not the document's default. */
  readonly contentType?: string;
  readonly examples?: readonly unknown[];
  /** Why there is no schema although the application has one. */
  readonly missing?: string;
}

type Class = abstract new (...args: never[]) => unknown;

/** Types that are no classes of the application. */
const BUILT_IN = new Map<unknown, Pick<PayloadSchema, 'payload' | 'contentType'>>([
  [String, { payload: { type: 'string' }, contentType: 'text/plain' }],
  [Number, { payload: { type: 'number' } }],
  [Boolean, { payload: { type: 'boolean' } }],
  [Date, { payload: { type: 'string', format: 'date-time' } }],
  [Buffer, { payload: { type: 'string', format: 'binary' }, contentType: 'application/octet-stream' }],
  [Uint8Array, { payload: { type: 'string', format: 'binary' }, contentType: 'application/octet-stream' }],
]);

/** The payloads of an application as schemas of its document, each converted once. */
export class PayloadSchemas {
  readonly components = new SchemaComponents();
  private readonly known = new Map<unknown, Map<string, Promise<PayloadSchema | undefined>>>();

  /**
   * @param side what is read is the input of a schema, what is published its output
   * @param hint names a schema that has no name of its own
   * @returns undefined where nothing is known of the payload
   */
  of({ schema, type }: PayloadShape, side: Side, hint: string): Promise<PayloadSchema | undefined> {
    const builtIn = schema === undefined ? BUILT_IN.get(type) : undefined;
    if (builtIn !== undefined) return Promise.resolve({ name: componentKey(hint), ...builtIn });
    const owner = schema ?? type;
    if (owner === undefined) return Promise.resolve(undefined);
    const sides = this.known.get(owner) ?? new Map<string, Promise<PayloadSchema | undefined>>();
    this.known.set(owner, sides);
    const made = sides.get(side) ?? this.make({ schema, type }, side, hint);
    sides.set(side, made);
    return made;
  }

  private async make({ schema, type }: PayloadShape, side: Side, hint: string): Promise<PayloadSchema | undefined> {
    if (schema !== undefined) return this.added(nameOf(type) ?? hint, await sideOf(schema, side));
    if (typeof type !== 'function') return undefined;
    const converted = await classJsonSchema(type as Class);
    return converted === undefined ? { name: componentKey(type.name) } : this.added(type.name, converted);
  }

  private added(hint: string, converted: Converted): PayloadSchema {
    if ('missing' in converted) return { name: componentKey(hint), missing: converted.missing };
    const { json } = converted;
    const key = this.components.add(titleOf(json) ?? hint, json);
    const { examples } = this.components.schemas[key] ?? {};
    return {
      name: key,
      payload: refTo('components', 'schemas', key),
      ...(Array.isArray(examples) && examples.length > 0 && { examples }),
    };
  }
}

/**
 * Libraries close the objects that a schema gives, since it has dropped what it does not know. Where that is all that
 * tells output from input, one schema is said: who reads a message should not refuse a later version of it.
 */
async function sideOf(schema: StandardSchema, side: Side): Promise<Converted> {
  const converted = await standardJsonSchema(schema, side);
  if (side === 'input' || 'missing' in converted) return converted;
  const input = await standardJsonSchema(schema, 'input');
  const isInput = 'json' in input && isDeepStrictEqual(opened(input.json), opened(converted.json));
  return isInput ? input : converted;
}

function opened(json: JsonObject): JsonObject {
  const { additionalProperties, ...rest } = eachSchema(json, opened);
  return additionalProperties === undefined || additionalProperties === false
    ? rest
    : { ...rest, additionalProperties };
}

function titleOf({ title, $id, id }: JsonObject): string | undefined {
  const named = [$id, id, title].find((one) => typeof one === 'string' && /^[\w .-]+$/.test(one));
  return typeof named === 'string' ? named.replaceAll(' ', '') : undefined;
}

/** Of a class; a built-in one names nothing. */
function nameOf(type: unknown): string | undefined {
  return typeof type === 'function' && !BUILT_IN.has(type) ? type.name : undefined;
}
