import { isDeepStrictEqual } from 'node:util';
import type { Binding } from '../delivery/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { HandlerDeclaration } from './declaration.js';
import type { HandlerHost } from './handler-host.js';

/** A declaration and what it became. */
export interface Bound {
  readonly declaration: HandlerDeclaration;
  readonly binding: Binding;
}

/**
 * Whether both are one `@Subscribe` of one class of which Nest has made two instances. Another group or durable would
 * have each message handled twice, as core NATS has it without one.
 */
export function isSameHandler(one: Bound, other: Bound): boolean {
  const [a, b] = [one.declaration.method, other.declaration.method];
  if (a === undefined || b === undefined || a.type !== b.type || a.name !== b.name || a.host === b.host) return false;
  return a.host?.instance !== b.host?.instance && isDeepStrictEqual(one.binding.source, other.binding.source);
}

/** Each class once, with all of its instances and what they handle. */
export function duplicateProblems(duplicates: readonly Bound[]): MultiBrokerError[] {
  const classes = new Set(duplicates.map(classOf));
  return [...classes].map((type) => duplicateClass(duplicates.filter((bound) => classOf(bound) === type)));
}

function classOf({ declaration }: Bound): unknown {
  return declaration.method?.type;
}

function duplicateClass(bounds: readonly Bound[]): MultiBrokerError {
  const hosts = new Map<object, HandlerHost>();
  for (const { declaration } of bounds) {
    const host = declaration.method?.host;
    if (host) hosts.set(host.instance, host);
  }
  const handlers = [...new Set(bounds.map(({ binding }) => binding.handler))];
  const places = [...hosts.values()].map((host) => `one in ${placeOf(host)}`);
  const className = bounds[0]?.declaration.method?.host?.className ?? '';
  const what = `There are ${String(places.length)} instances of class ${className}, ${list(places)}, and each would handle the messages of ${list(handlers)}`;
  return new MultiBrokerError('MULTI_BROKER_DUPLICATE_HANDLER', what, {
    handler: handlers[0],
    broker: bounds[0]?.binding.broker,
  });
}

/** The module, and the token where it is not the class itself. */
function placeOf({ module, wrapper }: HandlerHost): string {
  const { token, metatype } = wrapper;
  const as = typeof token === 'function' ? token.name : String(token);
  return token === metatype ? module.name : `${module.name} (as ${typeof token === 'string' ? `'${as}'` : as})`;
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${String(items.at(-1))}`;
}
