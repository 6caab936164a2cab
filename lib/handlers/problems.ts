import {
  asError,
  catalogue,
  type ErrorCode,
  isMultiBrokerError,
  MultiBrokerError,
  nearestName,
} from '../errors/index.js';
import type { HandlerDeclaration } from './declaration.js';
import type { OptionProblem } from './option-problems.js';

/** Name of the broker that a decorator names, by its name or by its definition. */
export function brokerName(broker: string | { readonly name: string }): string {
  return typeof broker === 'string' ? broker : broker.name;
}

/** A mistake of one handler, told with class, method and broker. */
export function handlerProblem(
  declaration: Pick<HandlerDeclaration, 'handler'>,
  broker: string,
  code: ErrorCode,
  what: string,
): MultiBrokerError {
  const { handler } = declaration;
  return new MultiBrokerError(code, `${handler}, broker '${broker}': ${what}`, { broker, handler });
}

/** What a definition threw about a source or a destination, told with class and method. */
export function thrownProblem(declaration: HandlerDeclaration, broker: string, thrown: unknown): MultiBrokerError {
  const { code, what } = isMultiBrokerError(thrown)
    ? { code: thrown.code, what: withoutRemedy(thrown) }
    : { code: 'MULTI_BROKER_ADDRESS_INVALID' as const, what: asError(thrown).message };
  return handlerProblem(declaration, broker, code, what);
}

export function optionProblems(
  declaration: HandlerDeclaration,
  broker: string,
  problems: readonly OptionProblem[],
  of: string,
): MultiBrokerError[] {
  return problems.map(({ code, what }) => handlerProblem(declaration, broker, code, `${of}: ${what}`));
}

export function unknownBroker(
  declaration: HandlerDeclaration,
  decorator: string,
  broker: string,
  known: readonly string[],
): MultiBrokerError {
  const nearest = nearestName(broker, known);
  const hint = nearest === undefined ? `known: ${known.join(', ') || 'none'}` : `did you mean '${nearest}'?`;
  const what = `${decorator} names a broker that is not defined; ${hint}`;
  return handlerProblem(declaration, broker, 'MULTI_BROKER_UNKNOWN_BROKER', what);
}

/** The sentence that says what to do is added again when the problem is told anew. */
function withoutRemedy(error: MultiBrokerError): string {
  const remedy = ` ${catalogue[error.code].remedy}`;
  return error.message.endsWith(remedy) ? error.message.slice(0, -remedy.length) : error.message;
}
