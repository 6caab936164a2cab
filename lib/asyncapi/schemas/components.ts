import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../document-types.js';
import { componentKey, Keys, refTo } from '../keys.js';
import { eachSchema, isObject } from './walk.js';

/** Prefixes by which schemas refer to the definitions beside them. */
const LOCAL = /^#\/(?:\$defs|definitions|components\/schemas)\/(.+)$/;

/** Others may find what it refers to. */
const ADDRESS = /^https?:\/\//;

/** Of a schema of its own; in a document they would be resolved against another base. */
const HEAD = new Set(['$schema', '$id', 'id', '$defs', 'definitions']);

/** The schemas of a document. Equal ones of one name are one. */
export class SchemaComponents {
  private readonly all = new Map<string, JsonObject>();

  /** As the document has it. */
  get schemas(): Record<string, JsonObject> {
    return Object.fromEntries(this.all);
  }

  /** Adds a schema with its definitions, and gives its key: the name, numbered where another schema has it. */
  add(name: string, json: JsonObject): string {
    const definitions = definitionsOf(json);
    const alias = aliasOf(json, definitions);
    const root = alias ?? '#';
    const parts = new Map(alias === undefined ? [['#', json], ...definitions] : definitions);
    const bases = basesOf(parts, name);
    const partOf = partsByRef(parts, json, root);
    for (let number = 1; ; number++) {
      const keyOf = (part: string): string => {
        const base = bases.of(part, componentKey(part));
        return number === 1 ? base : `${base}${String(number)}`;
      };
      const refOf = (ref: string): string | undefined => moved(ref, partOf(ref), keyOf);
      const made = [...parts].map(([part, one]) => [keyOf(part), embedded(one, refOf)] as const);
      if (this.fits(made)) return keyOf(root);
    }
  }

  /** Whether all names are free, or are those of the same schemas; then they are added. */
  private fits(made: readonly (readonly [string, JsonObject])[]): boolean {
    const free = made.every(([key, json]) => !this.all.has(key) || isDeepStrictEqual(this.all.get(key), json));
    if (free) for (const [key, json] of made) this.all.set(key, json);
    return free;
  }
}

/**
 * Keys that differ within one schema, so that numbering them together ends: a definition may be called like the schema
 * that it belongs to. It keeps the name then, since other schemas have it under that one.
 */
function basesOf(parts: ReadonlyMap<string, JsonObject>, name: string): Keys<string> {
  const bases = new Keys<string>();
  for (const part of parts.keys()) if (part !== '#') bases.of(part, componentKey(part));
  if (parts.has('#')) bases.of('#', componentKey(name));
  return bases;
}

function definitionsOf({ $defs, definitions }: JsonObject): [string, JsonObject][] {
  const all = { ...($defs as JsonObject | undefined), ...(definitions as JsonObject | undefined) };
  return Object.entries(all).flatMap(([key, json]) => (isObject(json) ? [[key, json]] : []));
}

/** A schema that is one of its definitions, which has the better name. */
function aliasOf({ $ref }: JsonObject, definitions: readonly [string, JsonObject][]): string | undefined {
  const name = typeof $ref === 'string' ? localName($ref) : undefined;
  return definitions.some(([key]) => key === name) ? name : undefined;
}

function localName(ref: string): string | undefined {
  const [, name] = LOCAL.exec(ref) ?? [];
  return name === undefined ? undefined : decoded(name).replaceAll('~1', '/').replaceAll('~0', '~');
}

/** A name that was not encoded may have a `%` of its own. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Finds what a reference of a schema refers to: the schema, a definition, or either by its `$id`. */
function partsByRef(
  parts: ReadonlyMap<string, JsonObject>,
  json: JsonObject,
  root: string,
): (ref: string) => string | undefined {
  const known = new Map([['#', root]]);
  for (const [part, one] of [...parts, [root, json] as const]) {
    for (const id of [one.$id, one.id]) if (typeof id === 'string') known.set(id, part);
  }
  return (ref) => {
    const name = localName(ref);
    return name !== undefined && parts.has(name) ? name : known.get(ref);
  };
}

/** A reference into the document; undefined where there is nothing that it refers to. */
function moved(ref: string, part: string | undefined, keyOf: (part: string) => string): string | undefined {
  if (part === undefined) return ADDRESS.test(ref) ? ref : undefined;
  return refTo('components', 'schemas', keyOf(part)).$ref;
}

/** With references into the document; any value where there is nothing to refer to, as a parser would refuse it all. */
function embedded(json: JsonObject, refOf: (ref: string) => string | undefined): JsonObject {
  const own = Object.fromEntries(Object.entries(json).filter(([key]) => !HEAD.has(key)));
  const made = eachSchema(own, (inner) => embedded(inner, refOf));
  if (typeof made.$ref !== 'string') return made;
  const $ref = refOf(made.$ref);
  return $ref === undefined ? { 'x-schema-missing': `${made.$ref} is no definition of the schema` } : { ...made, $ref };
}
