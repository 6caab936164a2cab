import { catalogue, type ErrorCode } from './catalogue.js';

const brand = Symbol.for('nestjs-multi-broker.error');

/** What an error says beside its code. */
export interface ErrorDetails {
  /** Name of the broker it happened on. */
  readonly broker?: string | undefined;
  /** `Class.method` of the handler it happened in. */
  readonly handler?: string | undefined;
  /** What was caught below. */
  readonly cause?: unknown;
  /** Overrides the catalogue where the case at hand is known better. */
  readonly retryable?: boolean | undefined;
}

/**
 * An error of this library. The message ends with the sentence that says what to do.
 *
 * Recognise one by {@link isMultiBrokerError} and its `code`, not by `instanceof`: it may come from another copy.
 */
export class MultiBrokerError extends Error {
  /** Stable code, listed in docs/errors.md. */
  readonly code: ErrorCode;
  /** Name of the broker, where one is known. */
  readonly broker: string | undefined;
  /** `Class.method` of the handler, where one is known. */
  readonly handler: string | undefined;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** @internal */
  readonly [brand] = true;

  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    super(sentence(what, catalogue[code].remedy), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MultiBrokerError';
    this.code = code;
    this.broker = details.broker;
    this.handler = details.handler;
    this.retryable = details.retryable ?? catalogue[code].retryable;
  }
}

/** Whether a thrown value is an error of this library, of whichever copy. */
export function isMultiBrokerError(value: unknown): value is MultiBrokerError {
  return typeof value === 'object' && value !== null && brand in value;
}

function sentence(what: string, remedy: string): string {
  if (what.endsWith('\n')) return `${what}${remedy}`;
  return /[.!?]$/.test(what) ? `${what} ${remedy}` : `${what}. ${remedy}`;
}
