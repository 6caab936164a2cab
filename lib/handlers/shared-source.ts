import { isDeepStrictEqual } from 'node:util';
import type { Codec } from '../codec/index.js';
import type { Binding, DeliveryContext, Taker } from '../delivery/index.js';
import type { BrokerDefinition, SourceSpec } from '../driver/index.js';
import { type MultiBrokerError, type Problem, problemOf } from '../errors/index.js';
import type { Bound } from './bound.js';
import { handlerProblem, listed } from './handler-problem.js';
import { readsPayload } from './message-filters.js';

/** The handlers of one source, in order of declaration. */
export type Sharers = readonly [Bound, ...Bound[]];

/**
 * Groups handlers by the source that they share. Sources that share nothing stay apart, as two subscriptions of one
 * subject without a queue group: each gets every message.
 */
export function sharedSources(
  all: readonly Bound[],
  brokers: ReadonlyMap<string, BrokerDefinition>,
): readonly Sharers[] {
  const sources: [Bound, ...Bound[]][] = [];
  for (const bound of all) {
    const definition = brokers.get(bound.binding.broker);
    const shared = sources.find(([{ binding }]) => {
      if (binding.broker !== bound.binding.broker || !isOneSource(binding.source, bound.binding.source)) return false;
      return definition?.clash(binding.source, bound.binding.source) !== undefined;
    });
    if (shared === undefined) sources.push([bound]);
    else shared.push(bound);
  }
  return sources;
}

/** Whether both read the same messages by the same group, queue or durable. */
export function isOneSource(one: SourceSpec, other: SourceSpec): boolean {
  return one.address === other.address && one.sharedBy === other.sharedBy;
}

/** Whether the two handlers may read one source: a filter tells whose message it is. */
export function canShare({ binding: one }: Bound, { binding: other }: Bound): boolean {
  return isOneSource(one.source, other.source) && (one.filter !== undefined || other.filter !== undefined);
}

/** What handlers of one source contradict each other in. */
export function sharingProblems(sharing: Sharers): MultiBrokerError[] {
  const [first, ...others] = sharing;
  return [
    ...others.flatMap((other) => contradictions(first, other)),
    ...unmatchedProblems(sharing),
    ...batchProblems(sharing),
    ...repeated(sharing),
  ];
}

function contradictions(first: Bound, other: Bound): MultiBrokerError[] {
  const source = other.binding.source.name;
  const by = first.binding.handler;
  const options = differences(first.binding.source, other.binding.source);
  const concurrency = differences(concurrencyOf(first), concurrencyOf(other));
  const problems: Problem[] = [];
  if (options.length > 0) {
    const params = { source, by, options: options.join(', ') };
    problems.push(problemOf('MULTI_BROKER_OPTION_INVALID.otherSourceOptions', params));
  }
  if (concurrency.length > 0) {
    const params = { source, by, options: concurrency.join(', ') };
    problems.push(problemOf('MULTI_BROKER_OPTION_INVALID.otherConcurrency', params));
  }
  const { binding } = other;
  return problems.map((problem) => handlerProblem(binding, binding.broker, problem));
}

function concurrencyOf({ options: { concurrency, requests } }: Bound): object {
  return { ...concurrency, requests: requests?.concurrency };
}

/** The names of the options that differ. */
function differences(one: object, other: object): string[] {
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.flatMap((name) => {
    if (isDeepStrictEqual(a[name], b[name])) return [];
    // The options as they were written, of kinds that compare them with the server's.
    return name === 'options' ? differences(a[name] ?? {}, b[name] ?? {}) : [name];
  });
}

/** A method that would take messages of one source by two filters. */
function repeated(sharing: Sharers): MultiBrokerError[] {
  return sharing.flatMap(({ binding, declaration: { method } }, place) => {
    const earlier = sharing.slice(0, place).map(({ declaration }) => declaration.method);
    if (
      !earlier.some((other) => other?.host !== undefined && other.host === method?.host && other.name === method.name)
    )
      return [];
    const problem = problemOf('MULTI_BROKER_SOURCE_CLASH.twice', { source: binding.source.name });
    return [handlerProblem(binding, binding.broker, problem)];
  });
}

function unmatchedProblems(sharing: Sharers): MultiBrokerError[] {
  return sharing.filter(saysUnmatched).flatMap(({ binding }, place, all) => {
    const problem = unmatchedProblem(binding, all.slice(0, place), sharing.find(isForRest));
    return problem === undefined ? [] : [handlerProblem(binding, binding.broker, problem)];
  });
}

/** Calls of a shared source that take batches are made one after another. */
function batchProblems(sharing: Sharers): MultiBrokerError[] {
  if (sharing.length === 1 || sharing.every(({ binding }) => binding.sideBySide === undefined)) return [];
  return sharing.flatMap(({ binding }) => {
    if (binding.batch === undefined) return [];
    const problem = problemOf('MULTI_BROKER_OPTION_UNSUPPORTED.sharedBatch', { source: binding.source.name });
    return [handlerProblem(binding, binding.broker, problem)];
  });
}

function unmatchedProblem(
  binding: Binding,
  earlier: readonly Bound[],
  forRest: Bound | undefined,
): Problem | undefined {
  if (forRest !== undefined)
    return problemOf('MULTI_BROKER_OPTION_INVALID.unmatchedTaken', { other: forRest.binding.handler });
  const other = earlier.find((bound) => bound.binding.unmatched !== binding.unmatched);
  if (other === undefined) return undefined;
  const params = { other: other.binding.handler, source: binding.source.name };
  return problemOf('MULTI_BROKER_OPTION_INVALID.unmatchedDiffers', params);
}

/** One binding for all handlers of a source: the only one's own, or one that stands for all of them. */
export function bindingFor(sharing: Sharers): Binding {
  const [{ binding: first }, ...others] = sharing;
  if (others.length === 0) return first;
  const all = sharing.map(({ binding }) => binding);
  const told = sharing.find(saysUnmatched)?.binding ?? first;
  return {
    ...first,
    handler: listed(all.map(({ handler }) => handler)),
    method: undefined,
    // Its own deliveries are those that nobody takes. A manual handler may collect messages before it settles them.
    ack: all.some(({ ack }) => ack === 'manual') ? 'manual' : 'nack-on-error',
    maxProcessingMs: undefined,
    batch: undefined,
    reply: undefined,
    routes: all.flatMap(({ routes }) => routes),
    targets: [...new Set(all.flatMap(({ targets }) => targets))],
    handle: () => undefined,
    filter: () => false,
    unmatched: told.unmatched,
    deadLetter: [told, ...all].map(({ deadLetter }) => deadLetter).find((letter) => letter !== undefined),
    takers: takersOf(sharing),
  };
}

/** Those with a filter first. */
function takersOf(sharing: Sharers): Taker[] {
  const asked = [...sharing].sort((one, other) => Number(isForRest(one)) - Number(isForRest(other)));
  let reader: Codec | undefined;
  return asked.map(({ binding, declaration, options: { codec } }) => {
    const wants = binding.filter ?? (() => true);
    const hasOtherPayload = reader !== undefined && reader !== codec;
    if (declaration.options.filter !== undefined && readsPayload(declaration.options.filter)) reader = codec;
    return {
      // Drivers know a source by its object.
      binding: { ...binding, source: sharing[0].binding.source, filter: undefined },
      wants: hasOtherPayload ? (context: DeliveryContext) => (context.decoded(undefined), wants(context)) : wants,
    };
  });
}

function saysUnmatched({ declaration }: Bound): boolean {
  return declaration.options.unmatched !== undefined;
}

function isForRest({ binding }: Bound): boolean {
  return binding.filter === undefined;
}
