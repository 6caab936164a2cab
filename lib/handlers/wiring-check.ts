import type { Binding } from '../delivery/index.js';
import type { BrokerDefinition } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { kindProblems, tryBinding } from './binding-of.js';
import type { HandlerDeclaration, PublishDeclaration } from './declaration.js';
import { type Bound, duplicateProblems, isSameHandler } from './duplicate-handlers.js';
import { missingValues } from './missing-values.js';
import { handlerOptionProblems, publishToProblems } from './option-problems.js';
import { brokerName, handlerProblem, optionProblems, thrownProblem, unknownBroker } from './problems.js';

/** What became of the handlers of an application. */
export interface Wiring {
  readonly bindings: readonly Binding[];
  /** Handlers of which a broker (their own, or one they publish to) is not there yet; only with `allowLateBrokers`. */
  readonly waiting: readonly HandlerDeclaration[];
  /** What those of them are to read whose own broker is there: nobody else may take it meanwhile. */
  readonly claims: readonly Binding[];
  /** Every mistake, each naming class, method and broker. */
  readonly problems: readonly MultiBrokerError[];
}

type Brokers = ReadonlyMap<string, BrokerDefinition>;

/** Resolves all handlers against all brokers, and finds all that is wrong with them. It connects nothing. */
export function checkWiring(
  declarations: readonly HandlerDeclaration[],
  brokers: Brokers,
  options: { readonly allowLateBrokers: boolean },
): Wiring {
  const bound: Bound[] = [];
  const claimed: Bound[] = [];
  const waiting: HandlerDeclaration[] = [];
  const problems = [...brokers.values()].flatMap(definitionProblems);
  for (const written of declarations) {
    const { declaration, bound: complete, problems: lacking } = missingValues(written);
    problems.push(...lacking);
    if (!complete) {
      problems.push(...declaration.problems, ...unboundProblems(declaration, brokers));
      continue;
    }
    const unknown = unknownBrokers(declaration, brokers);
    const known = brokers.get(brokerName(declaration.broker));
    const made = known && tryBinding(known, declaration);
    problems.push(...declaration.problems, ...(made?.problems ?? []), ...publisherProblems(declaration, brokers));
    if (unknown.length > 0 && !options.allowLateBrokers) problems.push(...unknown);
    const waits = neededBrokers(declaration).some((name) => !brokers.has(name));
    if (waits && options.allowLateBrokers) waiting.push(declaration);
    if (made?.binding) (waits ? claimed : bound).push({ declaration, binding: made.binding });
  }
  // Those that wait too: when their broker comes the others read already.
  problems.push(...clashes([...bound, ...claimed], brokers));
  return { bindings: bindings(bound), waiting, claims: bindings(claimed), problems };
}

/** Names of all brokers that a handler needs: its source's, then its publishers'. */
export function brokersOf(declaration: HandlerDeclaration): string[] {
  return [brokerName(declaration.broker), ...declaration.publishTo.map(({ broker }) => brokerName(broker))];
}

/** Nothing waits for a publisher that may lose its results. */
function neededBrokers({ broker, publishTo }: HandlerDeclaration): string[] {
  const needed = publishTo.filter(({ options }) => options.bestEffort !== true);
  return [broker, ...needed.map((publisher) => publisher.broker)].map(brokerName);
}

function definitionProblems(definition: BrokerDefinition): MultiBrokerError[] {
  const { name: broker } = definition;
  const own = definition.problems().map((what) => ({ code: 'MULTI_BROKER_OPTION_INVALID' as const, what }));
  const all = [...own, ...handlerOptionProblems(definition.options)];
  return all.map(({ code, what }) => new MultiBrokerError(code, `Broker '${broker}': ${what}`, { broker }));
}

/** What can be said of a handler whose own broker or source is missing. */
function unboundProblems(declaration: HandlerDeclaration, brokers: Brokers): MultiBrokerError[] {
  const unknown = declaration.publishTo.map(({ broker }) => brokerName(broker)).filter((name) => !brokers.has(name));
  const told = unknown.map((name) => unknownBroker(declaration, '@PublishTo', name, [...brokers.keys()]));
  return [...told, ...publisherProblems(declaration, brokers)];
}

function unknownBrokers(declaration: HandlerDeclaration, brokers: Brokers): MultiBrokerError[] {
  return brokersOf(declaration).flatMap((name, place) => {
    if (brokers.has(name)) return [];
    return [unknownBroker(declaration, place === 0 ? '@Subscribe' : '@PublishTo', name, [...brokers.keys()])];
  });
}

function publisherProblems(declaration: HandlerDeclaration, brokers: Brokers): MultiBrokerError[] {
  return declaration.publishTo.flatMap((publisher) => {
    const broker = brokerName(publisher.broker);
    const options = optionProblems(declaration, broker, publishToProblems(publisher.options), '@PublishTo');
    const definition = brokers.get(broker);
    return definition ? [...options, ...destinationProblems(declaration, publisher, definition)] : options;
  });
}

function destinationProblems(
  declaration: HandlerDeclaration,
  publisher: PublishDeclaration,
  definition: BrokerDefinition,
): MultiBrokerError[] {
  const wrongKind = kindProblems(definition, declaration, publisher.broker);
  if (wrongKind.length > 0) return wrongKind;
  try {
    definition.destination(publisher.destination);
    return [];
  } catch (thrown) {
    return [thrownProblem(declaration, definition.name, thrown)];
  }
}

function bindings(all: readonly Bound[]): Binding[] {
  return all.map(({ binding }) => binding);
}

/** Each pair of handlers of one broker whose sources would take each other's messages, or are one handler. */
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
      if (why !== undefined) problems.push(clash(binding, earlier.binding, why));
    }
  }
  return [...duplicateProblems([...duplicates]), ...problems];
}

function clash(binding: Binding, earlier: Binding, why: string): MultiBrokerError {
  const what = `${binding.source.name} is ${earlier.handler}'s too: ${why}`;
  return handlerProblem(binding, binding.broker, 'MULTI_BROKER_SOURCE_CLASH', what);
}
