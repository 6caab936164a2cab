import { errorOf } from './error-of.js';
import type { ErrorDetails } from './errors.js';
import { type FixedPhrase, phrase, textOf } from './messages.js';

/** The problem of a value that is undefined or null; `why` names the likely causes, the likelier one first. */
export function missing(
  what: string,
  value: unknown,
  why: 'unset' | 'circular' | 'unsetOrCircular' | 'circularOrUnset',
): string {
  return textOf(`MULTI_BROKER_VALUE_MISSING.${why}`, { what, value: String(value) });
}

/** Throws MULTI_BROKER_VALUE_MISSING if a required name is undefined or null. */
export function requireName(value: unknown, what: string, details: ErrorDetails): void {
  if (isMissing(value)) throw errorOf('MULTI_BROKER_VALUE_MISSING.unset', { what, value: String(value) }, details);
}

export function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** A whole number from 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** A finite number of milliseconds, 0 or more. */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/**
 * Throws MULTI_BROKER_OPTION_INVALID unless the value is a duration. Timers treat NaN and negative numbers as 0, which
 * turns a wait into a hot loop. Only numbers are shown in the message, since any other value may be a payload.
 */
export function requireDuration(value: unknown, option: string, remedy: FixedPhrase, details?: ErrorDetails): void {
  if (isDuration(value)) return;
  const shown = typeof value === 'number' ? value : value === null ? 'null' : `a ${typeof value}`;
  const params = { option, value: shown, remedy: phrase(remedy) };
  throw errorOf('MULTI_BROKER_OPTION_INVALID.duration', params, details);
}

/** The option names of a type; the compiler reports a missing one. */
export type OptionNames<T> = Readonly<Record<keyof T & string, true>>;

/**
 * One problem per unknown option, with the nearest known name. The compiler does not report unknown options in
 * JavaScript, from a variable or in a spread. Values are not shown.
 */
export function unknownOptions(given: unknown, names: Readonly<Record<string, true>>, prefix = ''): string[] {
  if (typeof given !== 'object' || given === null) return [];
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(names, name))
    .map((name) => unknownOption(name, Object.keys(names), prefix));
}

function unknownOption(name: string, known: readonly string[], prefix: string): string {
  const option = `${prefix}${name}`;
  const near = nearestName(name, known);
  return near === undefined
    ? textOf('MULTI_BROKER_OPTION_INVALID.unknown', { option, known: known.join(', ') })
    : textOf('MULTI_BROKER_OPTION_INVALID.misspelt', { option, near: `${prefix}${near}` });
}

/** The known name nearest to a mistyped one; undefined if more than half of it differs. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.floor(name.length / 2) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitute = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substitute));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
