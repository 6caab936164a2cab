import { HttpException } from '@nestjs/common';
import { type DeliveryContext, isRejection, markRejection } from '../delivery/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { markRefusal } from './refusal.js';
import { isThenable } from './thenable.js';

const MOST_TEXTS = 10;

/** What pipes have refused; a guard's refusal says what it has to say by itself. */
const refused = new WeakSet<object>();

type Call = (context: DeliveryContext) => unknown;

/** Throws what a pipe threw; a refusal is marked as one. */
export function refusePiped(thrown: unknown): never {
  const marked = markRefusal(thrown);
  if (isRejection(marked)) refused.add(marked as object);
  throw marked;
}

/** Runs what pipes do: what they refuse cannot succeed by a further attempt, whatever the method would throw. */
export function refusing<A extends unknown[]>(pipes: (...args: A) => unknown): (...args: A) => unknown {
  return (...args) => {
    try {
      const value = pipes(...args);
      return isThenable(value) ? Promise.resolve(value).catch(refusePiped) : value;
    } catch (thrown) {
      return refusePiped(thrown);
    }
  };
}

/**
 * The call of a handler that has pipes. What they refuse is told by all that the response of the exception lists, which
 * in its message is "Bad Request Exception": filters have seen the exception itself by then.
 */
export function explained(handler: string, call: Call): Call {
  return (context) => {
    const explain = (thrown: unknown): never => {
      throw explanation(thrown, handler, context);
    };
    try {
      const result = call(context);
      return isThenable(result) ? result.then(undefined, explain) : result;
    } catch (thrown) {
      return explain(thrown);
    }
  };
}

function explanation(thrown: unknown, handler: string, context: DeliveryContext): unknown {
  if (!(thrown instanceof HttpException) || !refused.has(thrown)) return thrown;
  const broker = context.broker.name;
  const what = `A message from ${context.source} on broker '${broker}' was refused: ${textsOf(thrown)}`;
  return markRejection(new MultiBrokerError('MULTI_BROKER_REJECTED', what, { broker, handler, cause: thrown }));
}

/** Texts alone: the objects of some exception factories hold the payload, which belongs in no log. */
function textsOf(exception: HttpException): string {
  const response = exception.getResponse();
  const message = typeof response === 'string' ? response : (response as { message?: unknown }).message;
  const texts = [message].flat().filter((text): text is string => typeof text === 'string');
  if (texts.length === 0) return exception.message;
  const more = texts.length - MOST_TEXTS;
  return [...texts.slice(0, MOST_TEXTS), ...(more > 0 ? [`and ${String(more)} more`] : [])].join('; ');
}
