import { requireDuration } from '../errors/index.js';

/** Shared by all copies of the package: a service may throw the class of another one. */
const brand = Symbol.for('nestjs-multi-broker.settlement');

/** Limit of the depth, as a chain of causes may be circular. */
const MOST_CAUSES = 10;

type Settling =
  | { readonly kind: 'ack' }
  | { readonly kind: 'nack'; readonly delayMs: number | undefined }
  | { readonly kind: 'reject' };

/**
 * Thrown from any depth of a handler, also as the `cause` of another error: the message is acknowledged as if its
 * handler had returned nothing.
 */
export class AckMessage extends Error {
  /** @internal */
  readonly [brand]: Settling = { kind: 'ack' };

  constructor(reason = 'The message needs no handling', options?: { readonly cause?: unknown }) {
    super(reason, options);
    this.name = 'AckMessage';
  }
}

/**
 * Thrown from any depth of a handler, also as the `cause` of another error: the message is not retried in place, and
 * comes again after `delayMs` milliseconds (default one second), as by `context.nack()`.
 *
 * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID for a delay that is no finite number from 0
 */
export class NackMessage extends Error {
  /** @internal */
  readonly [brand]: Settling;

  constructor({ delayMs, cause }: { readonly delayMs?: number; readonly cause?: unknown } = {}) {
    super('The message is to come again', cause === undefined ? undefined : { cause });
    this.name = 'NackMessage';
    if (delayMs !== undefined) requireDuration(delayMs, 'NackMessage: delayMs', 'forNackMessage');
    this[brand] = { kind: 'nack', delayMs };
  }
}

/**
 * Thrown from any depth of a handler, also as the `cause` of another error: the message is given up without retries, as
 * by `context.reject()`: parked where the handler has a dead letter, otherwise logged, counted and acknowledged.
 */
export class RejectMessage extends Error {
  /** @internal */
  readonly [brand]: Settling = { kind: 'reject' };

  constructor(reason = 'The message was rejected', options?: { readonly cause?: unknown }) {
    super(reason, options);
    this.name = 'RejectMessage';
  }
}

/** The first error of the chain of causes that rejects the message. */
export function rejectionIn(error: unknown): object | undefined {
  const thrown = settlingIn(error);
  return thrown?.[brand].kind === 'reject' ? thrown : undefined;
}

/** The ack or nack that the error, or one of its causes, asks for. */
export function settlementIn(error: unknown): 'ack' | { readonly nackInMs: number | undefined } | undefined {
  const settling = settlingIn(error)?.[brand];
  if (settling?.kind === 'ack') return 'ack';
  return settling?.kind === 'nack' ? { nackInMs: settling.delayMs } : undefined;
}

function settlingIn(error: unknown): { readonly [brand]: Settling } | undefined {
  let at = error;
  for (let depth = 0; depth < MOST_CAUSES && typeof at === 'object' && at !== null; depth++) {
    if (brand in at) return at as { readonly [brand]: Settling };
    at = (at as { readonly cause?: unknown }).cause;
  }
  return undefined;
}
