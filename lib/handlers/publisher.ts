import { abandon, isThenable } from '../async/index.js';
import { NOT_PUBLISHED, type Route } from '../delivery/index.js';
import type { PublishToOptions, StandardSchema } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { PublishDeclaration } from './declaration.js';
import { brokerName } from './handler-problem.js';
import { validated } from './schema.js';

/** The route of one `@PublishTo` of a handler. */
export function routeOf({ broker, destination, options }: PublishDeclaration, handler: string): Route {
  const { key, headers, forward, codec, bestEffort, dedupeId } = options;
  const name = brokerName(broker);
  const admit = admitOf(options, { broker: name, handler, destination: shown(destination) });
  return { broker: name, destination, key, headers, forward, codec, bestEffort, dedupeId, admit };
}

/** Whether the results of these routes are asked about, and whether sequences are read to their end before. */
export function admitsOf(publishers: readonly PublishDeclaration[]): 'each' | 'whole' | undefined {
  const checks = publishers.filter(({ options }) => options.bestEffort !== true);
  if (checks.some(({ options }) => options.schema !== undefined)) return 'whole';
  return publishers.some(({ options: { when, schema } }) => when !== undefined || schema !== undefined)
    ? 'each'
    : undefined;
}

interface PublishedBy {
  readonly broker: string;
  readonly handler: string;
  /** In words, for errors. */
  readonly destination: string;
}

function shown(destination: PublishDeclaration['destination']): string {
  return typeof destination === 'string' ? `'${destination}'` : `a destination of kind '${destination.kind}'`;
}

/** `when` and `schema` as one function; undefined without them. */
function admitOf({ when, schema }: PublishToOptions, by: PublishedBy): Route['admit'] {
  if (when === undefined && schema === undefined) return undefined;
  return (result, context) => {
    if (when !== undefined && !isWanted(when(result, context), by)) return NOT_PUBLISHED;
    return schema === undefined ? result : publishable(schema, result, by);
  };
}

/** A promise would always be true. */
function isWanted(answer: unknown, { broker, handler, destination }: PublishedBy): boolean {
  if (typeof answer === 'boolean') return answer;
  abandon(answer);
  const given = isThenable(answer) ? 'a promise' : answer === null ? 'null' : typeof answer;
  throw errorOf('MULTI_BROKER_OPTION_INVALID.when', { handler, destination, broker, given });
}

function publishable(schema: StandardSchema, result: unknown, { broker, handler, destination }: PublishedBy): unknown {
  return validated(schema, result, (issues) => {
    const params = { handler, destination, broker, issues };
    return errorOf('MULTI_BROKER_SCHEMA_INVALID.returned', params, { retryable: false });
  });
}
