import { isThenable } from '../async/index.js';
import { refusedType } from '../delivery/index.js';
import type { SchemaIssue, SchemaResult, StandardSchema } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import { checkingOnce } from './zod-schema.js';

const MOST_ISSUES = 10;

/**
 * The schema's output, or a promise of it if the schema is asynchronous. Throws, or rejects with, what `refused` makes
 * of the issues, which name paths but show no values.
 */
export function validated(schema: StandardSchema, payload: unknown, refused: (issues: string) => Error): unknown {
  return resultOf(schema, payload, (result) => {
    if (!result.issues) return result.value;
    throw refused(listed(result.issues));
  });
}

/** Whether the schema accepts the payload, or a promise of it if the schema is asynchronous. */
export function accepts(schema: StandardSchema, payload: unknown): boolean | Promise<boolean> {
  return resultOf(schema, payload, ({ issues }) => issues === undefined);
}

type Result = SchemaResult<unknown>;

function resultOf<T>(schema: StandardSchema, payload: unknown, read: (result: Result) => T): T | Promise<T> {
  const result: unknown = checkingOnce(schema)['~standard'].validate(payload);
  return isThenable(result)
    ? Promise.resolve(result).then((later) => read(checked(later, schema)))
    : read(checked(result, schema));
}

/** A schema of one's own may answer with true or false: the handler would be called for either, without a payload. */
function checked(result: unknown, schema: StandardSchema): Result {
  if (typeof result === 'object' && result !== null) {
    const { issues } = result as { readonly issues?: unknown };
    if (Array.isArray(issues) || (!issues && 'value' in result)) return result as Result;
  }
  const { vendor } = schema['~standard'];
  throw errorOf('MULTI_BROKER_OPTION_INVALID.schemaGives', { vendor, given: wrongType(result) });
}

function wrongType(result: unknown): string {
  if (typeof result !== 'object' || result === null) return refusedType(result);
  return 'value' in result || !('issues' in result)
    ? 'object without value and issues'
    : 'object whose issues are no list';
}

/** Schemas may be functions, as those of arktype are. */
export function isSchema(type: unknown): type is StandardSchema {
  return (typeof type === 'object' || typeof type === 'function') && type !== null && '~standard' in type;
}

/** Lists paths and messages only: the values are payload, which must not reach a log. */
function listed(issues: readonly SchemaIssue[]): string {
  const lines = issues.slice(0, MOST_ISSUES).map(lineOf);
  const more = issues.length - lines.length;
  return more > 0 ? `${lines.join('; ')}; and ${String(more)} more` : lines.join('; ');
}

/** Of a schema of one's own an issue may be anything; what is no issue may be payload, and is not shown. */
function lineOf(issue: unknown): string {
  const { message, path } = (issue ?? {}) as { readonly [name in keyof SchemaIssue]?: unknown };
  const place = Array.isArray(path) ? pathOf(path as NonNullable<SchemaIssue['path']>) : '';
  return `${place || '(payload)'}: ${typeof message === 'string' ? message : 'invalid'}`;
}

function pathOf(path: NonNullable<SchemaIssue['path']>): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}
