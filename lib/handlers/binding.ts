import { isThenable } from '../async/index.js';
import { type Codec, isOwnCodec } from '../codec/index.js';
import type { BatchBinding, Binding, DeliveryContext } from '../delivery/index.js';
import type { BrokerDefinition, Destination, SourceSpec } from '../driver/index.js';
import { type MultiBrokerError, problemOf, WiringError } from '../errors/index.js';
import { batchHandling } from './batch/index.js';
import { withDefaults } from './class-options.js';
import { withPrefix } from './class-options.js';
import { deadLetterOf } from './dead-letter.js';
import type { HandlerDeclaration } from './declaration.js';
import { brokerName, handlerProblem, optionProblems, thrownProblem } from './handler-problem.js';
import { isWanted, readsPayload } from './message-filters.js';
import {
  combinedProblems,
  type ResolvedHandlerOptions,
  resolveHandlerOptions,
  subscribeProblems,
  unsupportedProblems,
} from './options.js';
import { decoderOf, resultItems, validate } from './payload.js';
import { admitsOf, routeOf } from './publisher.js';
import { shapeOf } from './shape.js';
import { type Ordered, sideBySideOf } from './side-by-side.js';

/** A binding, or the problems that prevent it. */
export type BindingOrProblems =
  | (Made & { readonly problems?: undefined })
  | { readonly binding?: undefined; readonly problems: readonly MultiBrokerError[] };

interface Made {
  readonly binding: Binding;
  readonly options: ResolvedHandlerOptions;
  readonly plan: BindingPlan;
}

/** All of a binding but the method that it calls, so that handlers of further applications are bound without any check. */
export interface BindingPlan {
  readonly common: Omit<Binding, 'method' | 'handle' | 'items' | 'batch' | 'filter' | 'shape'>;
  readonly codec: Codec;
  readonly guard: Ordered['guard'];
  /** As the broker reads it: with the prefix of the class, and without the options that belong to the source. */
  readonly source: HandlerDeclaration['source'];
  readonly options: HandlerDeclaration['options'];
}

/**
 * Binds a declaration to a broker: resolves its source and merges the defaults in. Does not check the brokers of its
 * publishers, which {@link checkWiring} does.
 *
 * @throws MultiBrokerError for one problem, WiringError for several.
 */
export function bindingOf(definition: BrokerDefinition, declaration: HandlerDeclaration): Binding {
  const { binding, problems } = tryBinding(definition, declaration);
  if (binding) return binding;
  throw problems.length === 1 && problems[0] ? problems[0] : new WiringError(problems);
}

/** Like {@link bindingOf}, but returns the problems. */
export function tryBinding(named: BrokerDefinition, written: HandlerDeclaration): BindingOrProblems {
  try {
    return bound(withDefaults(named, written.defaults), withSourceOptions(named, withPrefix(named, written)));
  } catch (thrown) {
    return { problems: [thrownProblem(written, named.name, thrown)] };
  }
}

function bound(definition: BrokerDefinition, declaration: HandlerDeclaration): BindingOrProblems {
  const problems = [
    ...kindProblems(definition, declaration),
    ...optionProblems(
      declaration,
      definition.name,
      subscribeProblems(declaration.options, definition.sourceOptions?.names),
      '@Subscribe',
    ),
  ];
  const source = sourceOf(definition, declaration, problems);
  if (source !== undefined && problems.length === 0)
    problems.push(...unsupportedOptions(definition, declaration, source));
  if (source === undefined || problems.length > 0) return { problems };
  const options = resolveHandlerOptions(declaration.options, definition.options);
  const plan = planOf(definition, declaration, source, options);
  return { binding: carriedOut(plan, declaration), options, plan };
}

function unsupportedOptions(
  { name, options }: BrokerDefinition,
  declaration: HandlerDeclaration,
  source: SourceSpec,
): MultiBrokerError[] {
  const problems = [
    ...unsupportedProblems(declaration.options, source),
    ...combinedProblems(declaration.options, options),
  ];
  return problems.map((problem) => handlerProblem(declaration, name, problem));
}

function planOf(
  definition: BrokerDefinition,
  declaration: HandlerDeclaration,
  source: SourceSpec,
  { codec, concurrency, ...options }: ResolvedHandlerOptions,
): BindingPlan {
  const { handler } = declaration;
  const order = sideBySideOf(concurrency, { definition, codec, handler });
  const common = {
    handler,
    broker: definition.name,
    source,
    serverHeaders: definition.serverHeaders,
    ...options,
    replies: codec.replies,
    routes: declaration.publishTo.map((publisher) => routeOf(publisher, declaration.handler)),
    admits: admitsOf(declaration.publishTo),
    deadLetter: deadLetterOf(declaration.options, definition, source),
    targets: targetsOf(declaration, definition).flatMap(({ broker, isNeeded }) => (isNeeded ? [broker] : [])),
    sideBySide: order?.sideBySide,
  };
  return { common, codec, guard: order?.guard, source: declaration.source, options: declaration.options };
}

/** Binds the method of a declaration that is as the one that the plan was made of. */
export function planned(plan: BindingPlan, written: HandlerDeclaration): Binding {
  const { source, options } = plan;
  const isAsWritten = source === written.source && options === written.options;
  return carriedOut(plan, isAsWritten ? written : { ...written, source, options });
}

/** Each field of a binding, given or not. */
type WholeBinding = { readonly [K in keyof Required<Binding>]: Binding[K] };

/** Field by field: a copy by spreading takes several times as long, and this runs for each handler of each test. */
function carriedOut({ common, codec, guard }: BindingPlan, declaration: HandlerDeclaration): Binding {
  const { method, options } = declaration;
  const own =
    options.batch === undefined
      ? { handle: handleOf(declaration, codec), items: resultItems, batch: undefined }
      : batchHandling(declaration, codec, handleOf, options.batch);
  const { handle, batch } = guard === undefined ? own : guarded(own, guard);
  const filter = filterOf(declaration, codec);
  const whole: WholeBinding = {
    handler: common.handler,
    method,
    broker: common.broker,
    source: common.source,
    serverHeaders: common.serverHeaders,
    ack: common.ack,
    retry: common.retry,
    maxProcessingMs: common.maxProcessingMs,
    requests: common.requests,
    sideBySide: common.sideBySide,
    batch,
    reply: common.reply,
    replies: common.replies,
    routes: common.routes,
    deadLetter: common.deadLetter,
    redrives: common.redrives,
    admits: common.admits,
    targets: common.targets,
    handle,
    items: own.items,
    filter,
    unmatched: common.unmatched,
    takers: common.takers,
    shape: () => shapeOf(declaration),
  };
  return whole;
}

/** Of a batch each message is guarded as it is prepared: it fails alone. */
function guarded(
  { handle, batch }: Pick<Binding, 'handle' | 'batch'>,
  guard: NonNullable<Ordered['guard']>,
): Pick<Binding, 'handle' | 'batch'> {
  const prepare = batch && (guard(batch.prepare) as BatchBinding['prepare']);
  return { handle: guard(handle), batch: batch && prepare && { ...batch, prepare } };
}

/** A destination that a decorator of a handler, or its broker's default, names. */
export interface Target {
  readonly broker: string;
  /** The broker as written in the decorator: it may be a definition of another kind. */
  readonly named: string | BrokerDefinition;
  readonly destination: string | Destination;
  /** The decorator that names it, for errors. */
  readonly by: '@PublishTo' | 'deadLetter';
  /** False for `bestEffort`: its messages may be lost, so the source does not wait for its broker. */
  readonly isNeeded: boolean;
}

/**
 * All destinations that a handler names, in the order of its decorators; then its dead letter, once its own broker is
 * known, which may have the default.
 */
export function targetsOf(declaration: HandlerDeclaration, named: BrokerDefinition | undefined): Target[] {
  const own = named && withDefaults(named, declaration.defaults);
  const publishers = declaration.publishTo.map(({ broker, destination, options }): Target => {
    const isNeeded = options.bestEffort !== true;
    return { broker: brokerName(broker), named: broker, destination, by: '@PublishTo', isNeeded };
  });
  // A source that is invalid is reported for itself; the broker of its dead letter is checked all the same.
  const letter = own && deadLetterOf(declaration.options, own, sourceOf(own, declaration, []) ?? { address: 'source' });
  if (letter === undefined) return publishers;
  const { broker, destination } = letter;
  return [...publishers, { broker, named: broker, destination, by: 'deadLetter', isNeeded: true }];
}

function sourceOf(
  definition: BrokerDefinition,
  declaration: HandlerDeclaration,
  problems: MultiBrokerError[],
): SourceSpec | undefined {
  try {
    return definition.source(declaration.source);
  } catch (thrown) {
    problems.push(thrownProblem(declaration, definition.name, thrown));
    return undefined;
  }
}

/** Reports a handler bound to a definition object if the module has one of another kind under the same name. */
export function kindProblems(
  definition: BrokerDefinition,
  declaration: HandlerDeclaration,
  named: string | BrokerDefinition = declaration.broker,
): MultiBrokerError[] {
  if (typeof named === 'string' || named.kind === definition.kind) return [];
  const problem = problemOf('MULTI_BROKER_WRONG_KIND.definition', { named: named.kind, kind: definition.kind });
  return [handlerProblem(declaration, definition.name, problem)];
}

/** Decodes, validates and calls. Synchronous if codec, schema and handler are, since each promise costs a microtask. */
export function handleOf(declaration: HandlerDeclaration, codec: Codec): Binding['handle'] {
  const { handler } = declaration;
  const { schema } = declaration.options;
  const decode = decoderOf(codec, handler);
  // Looking for a `then` in each payload is expensive, and our own codecs never return a promise.
  const then = isOwnCodec(codec) ? atOnce : next;
  const call = (context: DeliveryContext, payload: unknown): unknown => {
    context.decoded(payload);
    return declaration.call(context);
  };
  if (schema === undefined && then === atOnce) {
    return (context) => {
      if (context.message.payload === undefined) context.decoded(decode(context));
      return declaration.call(context);
    };
  }
  return (context) =>
    then(decoded(context, decode), (payload) =>
      next(schema === undefined ? payload : validate(schema, payload, context, handler), (value) =>
        call(context, value),
      ),
    );
}

/** Calls the user's filter with the decoded message; the handler then reuses the decoded payload. */
export function filterOf({ handler, options }: HandlerDeclaration, codec: Codec): Binding['filter'] {
  const { filter } = options;
  if (filter === undefined) return undefined;
  if (!readsPayload(filter)) return (context) => filter(context.message);
  const decode = decoderOf(codec, handler);
  return (context) =>
    next(decoded(context, decode), (payload) => {
      context.decoded(payload);
      return isWanted(filter, context.message, handler);
    }) as boolean | PromiseLike<boolean>;
}

/** A filter, or a handler that shares the source, may have decoded it. */
function decoded(context: DeliveryContext, decode: ReturnType<typeof decoderOf>): unknown {
  const { payload } = context.message;
  return payload === undefined ? decode(context) : payload;
}

function atOnce(value: unknown, go: (value: unknown) => unknown): unknown {
  return go(value);
}

function next(value: unknown, go: (value: unknown) => unknown): unknown {
  return isThenable(value) ? Promise.resolve(value).then(go) : go(value);
}

/**
 * Moves options that belong to the source (`groupId`, `durable`) into the source of the declaration; they take
 * precedence over the source's own. Returns the same object if there are none.
 */
export function withSourceOptions(
  { sourceOptions }: Pick<BrokerDefinition, 'sourceOptions'>,
  declaration: HandlerDeclaration,
): HandlerDeclaration {
  const given = Object.entries(declaration.options);
  if (sourceOptions === undefined || given.length === 0) return declaration;
  const isOfSource = ([name]: [string, unknown]): boolean => sourceOptions.names.includes(name);
  const moved = given.filter(isOfSource);
  if (moved.length === 0) return declaration;
  const { source } = declaration;
  const own = typeof source === 'string' ? sourceOptions.of(source) : source;
  return {
    ...declaration,
    source: { ...own, ...Object.fromEntries(moved.filter(([, value]) => value !== undefined)) },
    options: Object.fromEntries(given.filter((option) => !isOfSource(option))),
  };
}
