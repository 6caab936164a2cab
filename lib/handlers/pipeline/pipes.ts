import { HttpException } from '@nestjs/common';
import { type DeliveryContext, isRejection, markRejection } from '../../delivery/index.js';
import { errorOf } from '../../errors/index.js';
import { markRefusal } from './guards.js';
import { isThenable } from '../../async/index.js';

const MOST_TEXTS = 10;

/** Errors with which pipes refused a message; those of guards need no explanation. */
const refused = new WeakSet<object>();

type Call = (context: DeliveryContext) => unknown;

/** Rethrows the error of a pipe, marked if it is a refusal. */
export function refusePiped(thrown: unknown): never {
  const marked = markRefusal(thrown);
  if (isRejection(marked)) refused.add(marked as object);
  throw marked;
}

/** Wraps pipes so that their refusals are marked: unlike an error of the method, they cannot succeed on a retry. */
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
 * Wraps the call of a handler with pipes. A refusal is replaced by an error that lists the details in the exception's
 * response, since its message is only "Bad Request Exception". Filters have seen the exception itself by then.
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
  const params = { source: context.source, broker: context.broker.name, reason: textsOf(thrown) };
  return markRejection(errorOf('MULTI_BROKER_REJECTED.pipe', params, { handler, cause: thrown }));
}

/** Lists strings only: the objects of some exception factories hold the payload, which must not reach a log. */
function textsOf(exception: HttpException): string {
  const response = exception.getResponse();
  const message = typeof response === 'string' ? response : (response as { message?: unknown }).message;
  const texts = [message].flat().filter((text): text is string => typeof text === 'string');
  if (texts.length === 0) return exception.message;
  const more = texts.length - MOST_TEXTS;
  return [...texts.slice(0, MOST_TEXTS), ...(more > 0 ? [`and ${String(more)} more`] : [])].join('; ');
}
