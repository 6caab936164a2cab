import { type ErrorDetails, MultiBrokerError } from './multi-broker-error.js';

/** A finite number of milliseconds, 0 or more. */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/**
 * Throws MULTI_BROKER_OPTION_INVALID for what is no duration: timers take NaN and negatives for "at once", which turns
 * a wait into a hot loop. The value itself is shown only where it is a number: anything else may be a payload.
 */
export function requireDuration(value: unknown, name: string, remedy: string, details: ErrorDetails = {}): void {
  if (isDuration(value)) return;
  const shown = typeof value === 'number' ? String(value) : value === null ? 'null' : `a ${typeof value}`;
  const what = `${name} must be a finite number of milliseconds, 0 or more, not ${shown}: ${remedy}`;
  throw new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', what, details);
}
