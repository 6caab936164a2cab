import {
  asError,
  errorAt,
  isMissing,
  isMultiBrokerError,
  type MultiBrokerError,
  nearestName,
  phrase,
  type Problem,
  problemAt,
  problemIn,
  problemOf,
} from '../errors/index.js';
import type { HandlerDeclaration } from './declaration.js';

/** The name of a broker that a decorator refers to by name or by definition. */
export function brokerName(broker: string | { readonly name: string }): string {
  return typeof broker === 'string' ? broker : broker.name;
}

/** A problem of one handler, with class, method and broker. */
export function handlerProblem(
  declaration: Pick<HandlerDeclaration, 'handler'>,
  broker: string,
  problem: Problem,
): MultiBrokerError {
  const { handler } = declaration;
  return errorAt(phrase('atHandler', { handler, broker }), problem, { broker, handler });
}

/** The problem for an error that a definition threw for a source or destination. */
export function thrownProblem(declaration: HandlerDeclaration, broker: string, thrown: unknown): MultiBrokerError {
  const problem = isMultiBrokerError(thrown)
    ? problemIn(thrown)
    : problemOf('MULTI_BROKER_ADDRESS_INVALID.reported', { problem: asError(thrown).message });
  return handlerProblem(declaration, broker, problem);
}

export function optionProblems(
  declaration: HandlerDeclaration,
  broker: string,
  problems: readonly Problem[],
  of: string,
): MultiBrokerError[] {
  return problems.map((problem) => handlerProblem(declaration, broker, problemAt(of, problem)));
}

export function unknownBroker(
  declaration: HandlerDeclaration,
  decorator: string,
  broker: string,
  known: readonly string[],
): MultiBrokerError {
  const nearest = nearestName(broker, known);
  const hint =
    nearest === undefined
      ? phrase('known', { known: known.join(', ') || 'none' })
      : phrase('didYouMeanQuoted', { near: nearest });
  return handlerProblem(declaration, broker, problemOf('MULTI_BROKER_UNKNOWN_BROKER.decorator', { decorator, hint }));
}

/** One decorator as written. */
interface Written {
  readonly broker: HandlerDeclaration['broker'];
  readonly address: unknown;
}

/** Missing values of one handler, and the part of it that can still be checked. */
export interface Complete {
  readonly problems: readonly MultiBrokerError[];
  /** The handler without its incomplete publishers. */
  readonly declaration: HandlerDeclaration;
  /** Whether its own broker and source are defined. */
  readonly bound: boolean;
}

/** Finds brokers, sources and destinations that are undefined. */
export function missingValues(declaration: HandlerDeclaration): Complete {
  const { broker, source, publishTo } = declaration;
  const own = problemsOf(declaration, '@Subscribe', 'source', { broker, address: source });
  const publishers = publishTo.map((publisher) =>
    problemsOf(declaration, '@PublishTo', 'destination', { broker: publisher.broker, address: publisher.destination }),
  );
  const complete = publishers.every((problems) => problems.length === 0);
  return {
    problems: [...own, ...publishers.flat()],
    // The same object if nothing is missing: handlers that wait for a late broker are identified by it.
    declaration: complete
      ? declaration
      : { ...declaration, publishTo: publishTo.filter((_, place) => publishers[place]?.length === 0) },
    bound: own.length === 0,
  };
}

function problemsOf(
  declaration: HandlerDeclaration,
  decorator: string,
  addressed: string,
  { broker, address }: Written,
): MultiBrokerError[] {
  const { handler } = declaration;
  const problems: MultiBrokerError[] = [];
  if (isMissing(broker)) {
    const params = { what: `the broker of ${decorator}`, value: String(broker) };
    problems.push(errorAt(handler, problemOf('MULTI_BROKER_VALUE_MISSING.circularOrUnset', params), { handler }));
  }
  if (isMissing(address)) {
    const params = { what: `the ${addressed} of ${decorator}`, value: String(address) };
    const problem = problemOf('MULTI_BROKER_VALUE_MISSING.unsetOrCircular', params);
    problems.push(
      isMissing(broker)
        ? errorAt(handler, problem, { handler })
        : handlerProblem(declaration, brokerName(broker), problem),
    );
  }
  return problems;
}

/** `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${String(items.at(-1))}`;
}
