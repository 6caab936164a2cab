import { HttpException } from '@nestjs/common';
import { isRejection, markRejection } from '../delivery/index.js';
import { asError } from '../errors/index.js';

/**
 * Marks what a guard or a pipe threw as a refusal of the message, if it is one: `false` of a guard becomes Nest's
 * ForbiddenException, and HTTP errors below 500 or an RpcException are thrown to refuse. Anything else (the guard's
 * database is down) is a failure, which a later attempt may mend.
 */
export function markRefusal(thrown: unknown): unknown {
  return isRefusal(thrown) ? markRejection(thrown) : thrown;
}

/** The error that filters made of a refusal is a refusal still: it must not stall a partition. */
export function keepRefusal(original: unknown, final: unknown): unknown {
  return isRejection(original) && !isRejection(final) ? markRejection(asError(final)) : final;
}

function isRefusal(thrown: unknown): thrown is object {
  if (thrown instanceof HttpException) return thrown.getStatus() < 500;
  // @nestjs/microservices is no dependency; its exception is known by its name.
  return thrown instanceof Error && hasClass(thrown, 'RpcException');
}

function hasClass(error: object, name: string): boolean {
  for (let type: unknown = error.constructor; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    if (type.name === name) return true;
  }
  return false;
}
