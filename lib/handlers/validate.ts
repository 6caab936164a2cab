import type { DeliveryContext } from '../delivery/index.js';
import type { SchemaIssue, SchemaResult, StandardSchema } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { isThenable } from './thenable.js';

const MOST_ISSUES = 10;

/** The schema's output, or a promise of it where the schema is asynchronous. */
export function validate(schema: StandardSchema, payload: unknown, context: DeliveryContext, handler: string): unknown {
  const result = schema['~standard'].validate(payload);
  return isThenable(result)
    ? result.then((checked) => accept(checked, context, handler))
    : accept(result, context, handler);
}

function accept(result: SchemaResult<unknown>, context: DeliveryContext, handler: string): unknown {
  if (!result.issues) return result.value;
  const broker = context.broker.name;
  const what = `A message from ${context.source} on broker '${broker}' is not valid: ${listed(result.issues)}`;
  throw new MultiBrokerError('MULTI_BROKER_SCHEMA_INVALID', what, { broker, handler, retryable: false });
}

/** Paths and messages only: the values are the payload, and belong in no log. */
function listed(issues: readonly SchemaIssue[]): string {
  const lines = issues.slice(0, MOST_ISSUES).map((issue) => `${pathOf(issue)}: ${issue.message}`);
  const more = issues.length - lines.length;
  return more > 0 ? `${lines.join('; ')}; and ${String(more)} more` : lines.join('; ');
}

function pathOf({ path = [] }: SchemaIssue): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || '(payload)';
}
