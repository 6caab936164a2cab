import { isDeepStrictEqual } from 'node:util';
import type { Binding } from '../delivery/index.js';
import type { BrokerDefinition, DestinationSpec } from '../driver/index.js';
import {
  errorAt,
  errorOf,
  isMissing,
  type MultiBrokerError,
  phrase,
  type Problem,
  problemOf,
} from '../errors/index.js';
import { kindProblems, type Target, targetsOf, tryBinding } from './binding.js';
import { loopProblem } from './dead-letter.js';
import type { Bound } from './bound.js';
import type { HandlerDeclaration, PublishDeclaration } from './declaration.js';
import type { HandlerHost } from './handler-classes.js';
import {
  brokerName,
  handlerProblem,
  listed,
  missingValues,
  optionProblems,
  thrownProblem,
  unknownBroker,
} from './handler-problem.js';
import { handlerOptionProblems, publishToProblems, publishToUnsupported } from './options.js';
import { knownWiring, rememberWiring } from './known-wiring.js';
import { unknownParams } from './param-check.js';
import { bindingFor, canShare, sharedSources, sharingProblems } from './shared-source.js';

/** Result of the wiring check of an application. */
export interface Wiring {
  readonly bindings: readonly Binding[];
  /** Handlers whose own or target broker does not exist yet; only with `allowLateBrokers`. */
  readonly waiting: readonly HandlerDeclaration[];
  /** Bindings of waiting handlers whose own broker exists: no other subscription may take their sources meanwhile. */
  readonly claims: readonly Binding[];
  /** All problems, each naming class, method and broker. */
  readonly problems: readonly MultiBrokerError[];
}

type Brokers = ReadonlyMap<string, BrokerDefinition>;

/** Resolves all handlers against all brokers and collects every problem. Connects nothing. */
export function checkWiring(
  declarations: readonly HandlerDeclaration[],
  brokers: Brokers,
  options: { readonly allowLateBrokers: boolean },
): Wiring {
  const again = knownWiring(declarations, brokers);
  if (again !== undefined) return { bindings: again, waiting: [], claims: [], problems: [] };
  const bound: Bound[] = [];
  const complete: HandlerDeclaration[] = [];
  const waiting = new Set<HandlerDeclaration>();
  let knowsAll = true;
  const problems = [...brokers.values()].flatMap(definitionProblems);
  for (const written of declarations) {
    const { declaration, bound: isBound, problems: lacking } = missingValues(written);
    problems.push(...lacking);
    if (!isBound) {
      problems.push(...declaration.problems, ...unboundProblems(declaration, brokers));
      continue;
    }
    const unknown = unknownBrokers(declaration, brokers);
    const known = brokers.get(brokerName(declaration.broker));
    const made = known && tryBinding(known, declaration);
    problems.push(...declaration.problems, ...(made?.problems ?? []), ...targetProblems(declaration, brokers));
    problems.push(...loopProblems(made?.binding, brokers));
    // Also one of a `bestEffort` publisher, for which nothing waits: another application may not allow late brokers.
    if (unknown.length > 0) knowsAll = false;
    if (!options.allowLateBrokers) problems.push(...unknown);
    complete.push(declaration);
    if (waitsForBroker(declaration, brokers)) waiting.add(declaration);
    if (made?.binding) bound.push({ declaration, ...made });
  }
  // Waiting handlers included: when their broker is added, the others are already reading.
  const sources = sharedSources(bound, brokers);
  problems.push(...clashes(bound, brokers), ...sources.flatMap(sharingProblems), ...unknownParams(bound));
  const claimed = sources.filter((sharing) => sharing.some(({ declaration }) => waiting.has(declaration)));
  for (const sharing of claimed) for (const { declaration } of sharing) waiting.add(declaration);
  const isPlain = knowsAll && waiting.size === 0 && problems.length === 0 && sources.length === bound.length;
  if (isPlain) rememberWiring(bound, brokers);
  return {
    bindings: sources.filter((sharing) => !claimed.includes(sharing)).map(bindingFor),
    waiting: options.allowLateBrokers ? complete.filter((declaration) => waiting.has(declaration)) : [],
    claims: claimed.map(bindingFor),
    problems,
  };
}

function definitionProblems(definition: BrokerDefinition): MultiBrokerError[] {
  const { name: broker } = definition;
  const own = definition.problems().map((problem) => problemOf('MULTI_BROKER_OPTION_INVALID.reported', { problem }));
  const all = [...own, ...handlerOptionProblems(definition.options)];
  return all.map((problem) => errorAt(phrase('atBroker', { broker }), problem, { broker }));
}

/** The problems of a handler whose own broker or source is undefined. */
function unboundProblems(declaration: HandlerDeclaration, brokers: Brokers): MultiBrokerError[] {
  return [...unknownTargets(declaration, brokers), ...targetProblems(declaration, brokers)];
}

function unknownBrokers(declaration: HandlerDeclaration, brokers: Brokers): MultiBrokerError[] {
  const own = brokerName(declaration.broker);
  const unknown = brokers.has(own) ? [] : [unknownBroker(declaration, '@Subscribe', own, [...brokers.keys()])];
  return [...unknown, ...unknownTargets(declaration, brokers)];
}

function unknownTargets(declaration: HandlerDeclaration, brokers: Brokers): MultiBrokerError[] {
  const unknown = targetsIn(declaration, brokers).filter(({ broker }) => !brokers.has(broker));
  return unknown.map(({ broker, by }) => unknownBroker(declaration, by, broker, [...brokers.keys()]));
}

/** Whether a broker that it needs does not exist yet. */
function waitsForBroker(declaration: HandlerDeclaration, brokers: Brokers): boolean {
  const needed = targetsIn(declaration, brokers).filter(({ isNeeded }) => isNeeded);
  return [brokerName(declaration.broker), ...needed.map(({ broker }) => broker)].some((name) => !brokers.has(name));
}

function targetProblems(declaration: HandlerDeclaration, brokers: Brokers): MultiBrokerError[] {
  const options = declaration.publishTo.flatMap((publisher) => {
    const problems = [...publishToProblems(publisher.options), ...effectlessOptions(publisher, brokers)];
    return optionProblems(declaration, brokerName(publisher.broker), problems, '@PublishTo');
  });
  const targets = targetsIn(declaration, brokers);
  return [...options, ...targets.flatMap((target) => destinationProblems(declaration, target, brokers))];
}

function targetsIn(declaration: HandlerDeclaration, brokers: Brokers): Target[] {
  const { broker } = declaration;
  return targetsOf(declaration, isMissing(broker) ? undefined : brokers.get(brokerName(broker)));
}

/** Reports a handler that would read its own dead letters. */
function loopProblems(binding: Binding | undefined, brokers: Brokers): MultiBrokerError[] {
  const letter = binding?.deadLetter;
  const definition = letter && brokers.get(letter.broker);
  if (binding === undefined || definition === undefined || letter?.broker !== binding.broker) return [];
  try {
    const problem = loopProblem(definition, definition.destination(letter.destination), binding.source);
    return problem === undefined ? [] : [handlerProblem(binding, binding.broker, problem)];
  } catch {
    // Reported with the destinations.
    return [];
  }
}

/** Options without effect at the publisher's destination; one that is wrong or unknown is reported by itself. */
function effectlessOptions({ broker, destination, options }: PublishDeclaration, brokers: Brokers): Problem[] {
  try {
    const to = brokers.get(brokerName(broker))?.destination(destination);
    return to === undefined ? [] : publishToUnsupported(options, to);
  } catch {
    return [];
  }
}

/** Placeholders of a destination that the source does not fill. */
function placeholderProblems(
  declaration: HandlerDeclaration,
  to: DestinationSpec,
  brokers: Brokers,
  by: Target['by'],
): Problem[] {
  const own = isMissing(declaration.broker) ? undefined : brokers.get(brokerName(declaration.broker));
  const { binding } = own === undefined ? {} : tryBinding(own, declaration);
  if (binding === undefined) return [];
  const { paramNames } = binding.source;
  const destination = to.name;
  // The messages of a batch are parked one by one.
  if (binding.batch !== undefined && by === '@PublishTo')
    return [problemOf('MULTI_BROKER_OPTION_UNSUPPORTED.pathBesideBatch', { destination })];
  const unknown = paramNames === undefined ? [] : (to.placeholders ?? []).filter((name) => !paramNames.includes(name));
  const known = paramNames?.map((name) => `'${name}'`).join(', ') || 'none';
  return unknown.map((placeholder) => {
    const params = { destination, placeholder, source: binding.source.name, known };
    return problemOf('MULTI_BROKER_ADDRESS_INVALID.placeholder', params);
  });
}

function destinationProblems(declaration: HandlerDeclaration, target: Target, brokers: Brokers): MultiBrokerError[] {
  const definition = brokers.get(target.broker);
  if (definition === undefined) return [];
  const wrongKind = kindProblems(definition, declaration, target.named);
  if (wrongKind.length > 0) return wrongKind;
  try {
    const to = definition.destination(target.destination);
    const problems = to.placeholders === undefined ? [] : placeholderProblems(declaration, to, brokers, target.by);
    return problems.map((problem) => handlerProblem(declaration, definition.name, problem));
  } catch (thrown) {
    return [thrownProblem(declaration, definition.name, thrown)];
  }
}

/** Reports pairs of handlers of one broker whose sources would take each other's messages, and duplicate handlers. */
function clashes(all: readonly Bound[], brokers: Brokers): MultiBrokerError[] {
  const problems: MultiBrokerError[] = [];
  const duplicates = new Set<Bound>();
  for (const [place, bound] of all.entries()) {
    const { binding } = bound;
    const definition = brokers.get(binding.broker);
    for (const earlier of all.slice(0, place)) {
      if (earlier.binding.broker !== binding.broker) continue;
      if (isSameHandler(earlier, bound)) {
        duplicates.add(earlier).add(bound);
        continue;
      }
      const why = definition?.clash(earlier.binding.source, binding.source);
      if (why !== undefined && !canShare(earlier, bound)) problems.push(clash(binding, earlier.binding, why));
    }
  }
  return [...duplicateProblems([...duplicates]), ...problems];
}

function clash(binding: Binding, earlier: Binding, why: string): MultiBrokerError {
  const params = { source: binding.source.name, other: earlier.handler, why };
  return handlerProblem(binding, binding.broker, problemOf('MULTI_BROKER_SOURCE_CLASH.handlers', params));
}

/**
 * Whether both are the same `@Subscribe` on two instances of one class. Giving one another group or durable would only
 * have each message handled twice, as core NATS does without a queue group.
 */
export function isSameHandler(one: Bound, other: Bound): boolean {
  const [a, b] = [one.declaration.method, other.declaration.method];
  if (a === undefined || b === undefined || a.type !== b.type || a.name !== b.name || a.host === b.host) return false;
  return a.host?.instance !== b.host?.instance && isDeepStrictEqual(one.binding.source, other.binding.source);
}

/** One problem per class, with all its instances and their handlers. */
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
  const params = { count: places.length, className, places: listed(places), handlers: listed(handlers) };
  return errorOf('MULTI_BROKER_DUPLICATE_HANDLER', params, {
    handler: handlers[0],
    broker: bounds[0]?.binding.broker,
  });
}

/** The module of an instance, and its token if that is not the class itself. */
function placeOf({ module, wrapper }: HandlerHost): string {
  const { token, metatype } = wrapper;
  const as = typeof token === 'function' ? token.name : String(token);
  return token === metatype ? module.name : `${module.name} (as ${typeof token === 'string' ? `'${as}'` : as})`;
}
