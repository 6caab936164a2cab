/** A schema's definition, which zod documents for libraries that walk its schemas, or that of a check. */
type Definition = Readonly<Record<string, unknown>>;

/** The types of zod 4 that await nothing. `transform`, `custom`, `promise`, `function` and future ones are not among them. */
const TYPES = new Set(
  (
    'any array bigint boolean catch date default enum file int intersection lazy literal map nan never nonoptional null ' +
    'nullable number object optional pipe prefault readonly record set string success symbol template_literal tuple ' +
    'undefined union unknown void'
  ).split(' '),
);

/** The checks of zod 4 that await nothing. `custom` is not among them: its function is not in its definition. */
const CHECKS = new Set(
  (
    'bigint_format describe greater_than length_equals less_than max_length max_size meta mime_type min_length min_size ' +
    'multiple_of number_format overwrite properties property size_equals string_format'
  ).split(' '),
);

/** Functions of a definition whose promise zod would not await: messages, conditions and values in place of others. */
const NOT_AWAITED = new Set(['error', 'errorMap', 'when', 'tx', 'defaultValue', 'catchValue']);

/** Functions that give further parts: of a lazy schema, and of an object of zod 3. */
const GIVES_PARTS = new Set(['getter', 'shape']);

/** A lazy schema may give a new one each time. */
const MOST_PARTS = 10_000;

/**
 * Whether a zod schema can give no promise: it consists of zod's own parts, and no function that the user has written
 * decides. Whether such a function gives a promise shows only when it is called, and may depend on the value. False
 * whenever the schema is not as the library knows it.
 */
export function isOfZodsPartsAlone(schema: object): boolean {
  try {
    return areAllZods(new Set([schema]));
  } catch {
    return false; // the getter of a lazy schema has thrown
  }
}

/** The set grows while it is iterated. */
function areAllZods(parts: Set<object>): boolean {
  for (const part of parts) {
    const definition = definitionOf(part);
    if (definition !== undefined && !isKnown(definition)) return false;
    if (!addPartsOf(part, definition, parts) || parts.size > MOST_PARTS) return false;
  }
  return true;
}

/** Undefined for a list or a record of parts, which may have a key of any name. */
function definitionOf(part: object): Definition | undefined {
  if (Object.getPrototypeOf(part) === Object.prototype) return undefined;
  const { _zod, _def } = part as { readonly _zod?: { readonly def: Definition }; readonly _def?: Definition };
  return _zod === undefined ? _def : _zod.def;
}

/** A format is a type and a check at once. */
function isKnown({ type, check, typeName }: Definition): boolean {
  if (typeof typeName === 'string') return typeName !== 'ZodPromise'; // zod 3: all other promises are of functions
  if (type === undefined) return CHECKS.has(check as string);
  return TYPES.has(type as string) && (check === undefined || CHECKS.has(check as string));
}

/** False if there is a function among them that may give a promise. */
function addPartsOf(part: object, definition: Definition | undefined, parts: Set<object>): boolean {
  const container = definition ?? (part as Definition);
  // Not its keys alone: zod defines some lazily, which are not enumerable.
  for (const name of Object.getOwnPropertyNames(container)) {
    if (definition !== undefined && NOT_AWAITED.has(name)) continue; // unread: that of a default value makes one
    const value = container[name];
    const given = definition !== undefined && GIVES_PARTS.has(name) ? partsGivenBy(value) : value;
    if (typeof given === 'function') return false;
    if (typeof given === 'object' && given !== null) parts.add(given);
  }
  return true;
}

function partsGivenBy(value: unknown): unknown {
  return typeof value === 'function' ? (value as () => unknown)() : value;
}
