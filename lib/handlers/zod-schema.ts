import type { SchemaIssue, SchemaResult, StandardSchema } from '../driver/index.js';
import { isOfZodsPartsAlone } from './zod-parts.js';

/** The part of zod's schemas that the library uses: zod 4, zod/mini and zod 3 all have it. */
interface ZodSchema extends StandardSchema {
  safeParseAsync(value: unknown): Promise<ZodResult>;
}

type ZodResult =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };

const known = new WeakMap<StandardSchema, StandardSchema>();

/**
 * The schema to validate by in place of this one, which runs each check once. zod's `validate` runs all checks
 * synchronously, and again when one gave a promise: what the first one did is done twice, and if it rejects, nobody has
 * its promise, which ends the process (zod #6610). The first run cannot be made safe from outside, so a zod schema is
 * validated synchronously only where none of its parts can give a promise, and by its own asynchronous parse otherwise.
 * Schemas of other libraries are returned as they are.
 */
export function checkingOnce(schema: StandardSchema): StandardSchema {
  let checking = known.get(schema);
  if (checking === undefined) {
    checking = isZod(schema) && !isOfZodsPartsAlone(schema) ? asynchronous(schema) : schema;
    known.set(schema, checking);
  }
  return checking;
}

function isZod(schema: StandardSchema): schema is ZodSchema {
  return schema['~standard'].vendor === 'zod' && typeof (schema as Partial<ZodSchema>).safeParseAsync === 'function';
}

/** Inherits all else, for pipes that read more of a schema than Standard Schema has. */
function asynchronous(schema: ZodSchema): StandardSchema {
  const validate = (value: unknown) => schema.safeParseAsync(value).then(resultOf);
  return Object.create(schema, { '~standard': { value: { ...schema['~standard'], validate } } }) as StandardSchema;
}

function resultOf(result: ZodResult): SchemaResult<unknown> {
  return result.success ? { value: result.data } : { issues: result.error.issues };
}
