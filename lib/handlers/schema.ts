import { isThenable } from '../async/index.js';
import type { SchemaIssue, SchemaResult, StandardSchema } from '../driver/index.js';
import { checkingOnce } from './zod-schema.js';

const MOST_ISSUES = 10;

/**
 * The schema's output, or a promise of it if the schema is asynchronous. Throws, or rejects with, what `refused` makes
 * of the issues, which name paths but show no values.
 */
export function validated(schema: StandardSchema, payload: unknown, refused: (issues: string) => Error): unknown {
  const result = checkingOnce(schema)['~standard'].validate(payload);
  return isThenable(result) ? result.then((checked) => accept(checked, refused)) : accept(result, refused);
}

/** Schemas may be functions, as those of arktype are. */
export function isSchema(type: unknown): type is StandardSchema {
  return (typeof type === 'object' || typeof type === 'function') && type !== null && '~standard' in type;
}

function accept(result: SchemaResult<unknown>, refused: (issues: string) => Error): unknown {
  if (!result.issues) return result.value;
  throw refused(listed(result.issues));
}

/** Lists paths and messages only: the values are payload, which must not reach a log. */
function listed(issues: readonly SchemaIssue[]): string {
  const lines = issues.slice(0, MOST_ISSUES).map((issue) => `${pathOf(issue)}: ${issue.message}`);
  const more = issues.length - lines.length;
  return more > 0 ? `${lines.join('; ')}; and ${String(more)} more` : lines.join('; ');
}

function pathOf({ path = [] }: SchemaIssue): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || '(payload)';
}
