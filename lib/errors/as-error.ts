import { MultiBrokerError } from './multi-broker-error.js';

/** The thrown value as an Error: itself, or an error that carries it as its cause. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (isErrorLike(thrown)) return thrown;
  return new MultiBrokerError('MULTI_BROKER_HANDLER_VALUE', `A ${typeof thrown} was thrown`, { cause: thrown });
}

/** An Error of another realm (Jest runs tests in one of its own) is no `instanceof Error` here. */
function isErrorLike(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
}
