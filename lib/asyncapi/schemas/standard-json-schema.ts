import type { StandardSchema } from '../../driver/index.js';
import { asError } from '../../errors/index.js';
import type { JsonObject } from '../document-types.js';
import { optionalPackage } from '../peers.js';
import { isObject } from './walk.js';

/** Which side of a schema: what it takes, or what it gives. */
export type Side = 'input' | 'output';

/** The draft that AsyncAPI's own schemas extend. */
const DRAFT = 'draft-07';

/** A schema that can give JSON Schema by the specification Standard JSON Schema (standardschema.dev). */
interface StandardJsonSchema {
  readonly jsonSchema?: Readonly<
    Record<Side, (options: { readonly target: string; readonly libraryOptions?: object }) => unknown>
  >;
}

/** What has no JSON Schema, such as a date, is any value: zod would throw. */
const LENIENT = { unrepresentable: 'any' } as const;

/** JSON Schema, or the reason why there is none. */
export type Converted = { readonly json: JsonObject } | { readonly missing: string };

/** The JSON Schema of a Standard Schema, by its own means where it has some. */
export async function standardJsonSchema(schema: StandardSchema, side: Side): Promise<Converted> {
  try {
    const json = await convert(schema, side);
    if (isObject(json)) return { json };
    return { missing: `A schema of ${schema['~standard'].vendor} gives no JSON Schema` };
  } catch (thrown) {
    return { missing: asError(thrown).message };
  }
}

async function convert(schema: StandardSchema, side: Side): Promise<unknown> {
  const standard: StandardSchema['~standard'] & StandardJsonSchema = schema['~standard'];
  const own = standard.jsonSchema?.[side];
  if (own !== undefined) return own({ target: DRAFT, libraryOptions: optionsFor(standard.vendor) });
  if (standard.vendor === 'zod') return byZod(schema, side);
  if (standard.vendor === 'valibot') return byValibot(schema, side);
  return (schema as { readonly toJsonSchema?: () => unknown }).toJsonSchema?.();
}

function optionsFor(vendor: string): object {
  return vendor === 'zod' ? LENIENT : {};
}

interface Zod {
  toJSONSchema?(schema: unknown, options: object): unknown;
}

/** Zod 4 before it knew the specification. Imported by what is installed: the schema is of the application's zod. */
async function byZod(schema: unknown, io: Side): Promise<unknown> {
  const zod = await optionalPackage<Zod>('zod', () => import('zod'));
  return zod?.toJSONSchema?.(schema, { target: 'draft-7', io, ...LENIENT });
}

interface ValibotConverter {
  toJsonSchema(schema: unknown, options: object): unknown;
}

async function byValibot(schema: unknown, typeMode: Side): Promise<unknown> {
  const name = '@valibot/to-json-schema';
  const converter = await optionalPackage<ValibotConverter>(name, () => import('@valibot/to-json-schema'));
  if (converter === undefined) throw new Error(`npm install ${name}`);
  return converter.toJsonSchema(schema, { target: DRAFT, typeMode, errorMode: 'ignore' });
}
