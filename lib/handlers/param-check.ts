import { type MultiBrokerError, nearestName, phrase, problemOf } from '../errors/index.js';
import type { Bound } from './bound.js';
import { handlerProblem } from './handler-problem.js';

/**
 * Reports `@MessageParam(name)` of a name that no source of the method has: its value would be undefined for ever. One
 * that only some of its sources have is undefined for the others, which the method may be made for.
 */
export function unknownParams(all: readonly Bound[]): MultiBrokerError[] {
  const asking = all.filter(({ declaration: { params } }) => params !== undefined && params.names.length > 0);
  const methods = new Set(asking.map(({ declaration }) => declaration.method));
  return [...methods].flatMap((method) => ofMethod(asking.filter(({ declaration }) => declaration.method === method)));
}

function ofMethod([first, ...others]: readonly Bound[]): MultiBrokerError[] {
  if (first === undefined) return [];
  const { params } = first.declaration;
  const known = [first, ...others].map(({ binding }) => binding.source.paramNames);
  // A source that is invalid, or whose broker comes late, may have them.
  if (params?.sources !== known.length || known.includes(undefined)) return [];
  const names = known.flatMap((some) => some ?? []);
  const { broker, source } = first.binding;
  return params.names
    .filter((name) => !names.includes(name))
    .map((param) => {
      const problem = { param, source: source.name, hint: hintOf(param, names) };
      return handlerProblem(first.binding, broker, problemOf('MULTI_BROKER_PARAMETER.unknownParam', problem));
    });
}

function hintOf(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  if (near !== undefined) return phrase('didYouMeanQuoted', { near });
  return phrase('known', { known: known.map((one) => `'${one}'`).join(', ') || 'none' });
}
