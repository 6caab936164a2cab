import { CIRCULAR, isMissing, missing, MultiBrokerError, UNSET } from '../errors/index.js';
import type { HandlerDeclaration } from './declaration.js';
import { brokerName, handlerProblem } from './problems.js';

/** One decorator as written. */
interface Written {
  readonly broker: HandlerDeclaration['broker'];
  readonly address: unknown;
}

/** What one handler was not given, and what of it can still be checked. */
export interface Complete {
  readonly problems: readonly MultiBrokerError[];
  /** The handler without the publishers that lack something. */
  readonly declaration: HandlerDeclaration;
  /** Whether its own broker and source are there. */
  readonly bound: boolean;
}

/** Looks for brokers, sources and destinations that are undefined. */
export function missingValues(declaration: HandlerDeclaration): Complete {
  const { broker, source, publishTo } = declaration;
  const own = problemsOf(declaration, '@Subscribe', 'source', { broker, address: source });
  const publishers = publishTo.map((publisher) =>
    problemsOf(declaration, '@PublishTo', 'destination', { broker: publisher.broker, address: publisher.destination }),
  );
  const complete = publishers.every((problems) => problems.length === 0);
  return {
    problems: [...own, ...publishers.flat()],
    // The same object where nothing lacks: who waits for a late broker is known by it.
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
    const what = missing(`${handler}: the broker of ${decorator}`, broker, `${CIRCULAR}; or ${UNSET}`);
    problems.push(new MultiBrokerError('MULTI_BROKER_VALUE_MISSING', what, { handler }));
  }
  if (isMissing(address)) {
    const what = missing(`the ${addressed} of ${decorator}`, address, `${UNSET}; or ${CIRCULAR}`);
    const problem = isMissing(broker)
      ? new MultiBrokerError('MULTI_BROKER_VALUE_MISSING', `${handler}: ${what}`, { handler })
      : handlerProblem(declaration, brokerName(broker), 'MULTI_BROKER_VALUE_MISSING', what);
    problems.push(problem);
  }
  return problems;
}
