import { type ErrorDetails, MultiBrokerError } from './multi-broker-error.js';

/** Decorators and definitions are evaluated when their file is loaded: `.env` may be read later. */
export const UNSET = 'an environment variable that is not set, or not yet when the file is loaded';

/** Two files that import each other: one of them sees what the other exports before it is there. */
export const CIRCULAR = 'a circular import, or an export that is missing';

/** The sentence of what was not given, with the likely cause. */
export function missing(what: string, value: unknown, cause: string): string {
  return `${what} is ${String(value)}: ${cause}`;
}

/** Throws MULTI_BROKER_VALUE_MISSING for a name that has to be there and is undefined or null. */
export function requireName(value: unknown, what: string, details: ErrorDetails): void {
  if (isMissing(value)) throw new MultiBrokerError('MULTI_BROKER_VALUE_MISSING', missing(what, value, UNSET), details);
}

export function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
