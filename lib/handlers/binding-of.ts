import type { Binding, Route } from '../delivery/index.js';
import type { BrokerDefinition, SourceSpec } from '../driver/index.js';
import { type MultiBrokerError, WiringError } from '../errors/index.js';
import type { HandlerDeclaration, PublishDeclaration } from './declaration.js';
import { filterOf, handleOf } from './handle.js';
import { resolveHandlerOptions } from './handler-defaults.js';
import { subscribeProblems } from './option-problems.js';
import { brokerName, handlerProblem, optionProblems, thrownProblem } from './problems.js';
import { resultItems } from './result-items.js';
import { withSourceOptions } from './source-options.js';

/** A binding, or why there is none. */
export type BindingOrProblems =
  | { readonly binding: Binding; readonly problems?: undefined }
  | { readonly binding?: undefined; readonly problems: readonly MultiBrokerError[] };

/**
 * The binding of a declaration on a broker: source resolved, defaults merged in. The brokers of its publishers are
 * not looked at; {@link checkWiring} does.
 *
 * @throws MultiBrokerError the mistake, or a WiringError of several.
 */
export function bindingOf(definition: BrokerDefinition, declaration: HandlerDeclaration): Binding {
  const { binding, problems } = tryBinding(definition, declaration);
  if (binding) return binding;
  throw problems.length === 1 && problems[0] ? problems[0] : new WiringError(problems);
}

/** As {@link bindingOf}, all mistakes at once. */
export function tryBinding(definition: BrokerDefinition, written: HandlerDeclaration): BindingOrProblems {
  const declaration = withSourceOptions(definition, written);
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
  if (source !== undefined && problems.length === 0) problems.push(...requestProblems(definition, declaration, source));
  return source && problems.length === 0 ? { binding: build(definition, declaration, source) } : { problems };
}

/** What is kept is handled in order, whether somebody asks or not. */
function requestProblems(
  { name }: BrokerDefinition,
  declaration: HandlerDeclaration,
  source: SourceSpec,
): MultiBrokerError[] {
  const { concurrency } = declaration.options;
  if (!source.durable || typeof concurrency !== 'object' || concurrency.requests === undefined) return [];
  const what = `concurrency.requests is for core NATS, and ${source.name} is handled in its order: leave it out`;
  return [handlerProblem(declaration, name, 'MULTI_BROKER_OPTION_UNSUPPORTED', what)];
}

function build(definition: BrokerDefinition, declaration: HandlerDeclaration, source: SourceSpec): Binding {
  const { codec, ...options } = resolveHandlerOptions(declaration.options, definition.options);
  return {
    handler: declaration.handler,
    broker: definition.name,
    source,
    ...options,
    replies: codec.replies,
    routes: declaration.publishTo.map(routeOf),
    handle: handleOf(declaration, codec),
    items: resultItems,
    filter: filterOf(declaration, codec),
  };
}

function routeOf({ broker, destination, options }: PublishDeclaration): Route {
  const { key, headers, forward, codec, bestEffort } = options;
  return { broker: brokerName(broker), destination, key, headers, forward, codec, bestEffort };
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

/** A handler may be bound to a definition object while the module was given another one of the same name. */
export function kindProblems(
  definition: BrokerDefinition,
  declaration: HandlerDeclaration,
  named: string | BrokerDefinition = declaration.broker,
): MultiBrokerError[] {
  if (typeof named === 'string' || named.kind === definition.kind) return [];
  const what = `it is bound to a ${named.kind} definition, but the broker of that name is of kind ${definition.kind}`;
  return [handlerProblem(declaration, definition.name, 'MULTI_BROKER_WRONG_KIND', what)];
}
