import type { ErrorCode } from './catalogue/index.js';
import { errorOf } from './error-of.js';

/** Limit for chains that are circular, or that a client extends at every attempt. */
const MOST_CAUSES = 5;
/** The first frame of a stack, where the message ends. */
const FRAMES = /\n\s+at /;
/** Codes of errors whose cause comes from a codec and may quote the payload. */
const QUOTING = new Set<unknown>(['MULTI_BROKER_UNDECODABLE', 'MULTI_BROKER_UNENCODABLE'] satisfies ErrorCode[]);

/** The stacks of an error and its causes, without messages that may quote a payload. */
export function stackWithCauses(error: Error): string {
  const causes = causesOf(error).map((cause) => `Caused by: ${stackOf(cause)}`);
  return [error.stack ?? nameAndMessage(error), ...causes].join('\n');
}

/** Names and messages of an error and its causes, in one line. */
export function lineWithCauses(error: Error): string {
  return [nameAndMessage(error), ...causesOf(error).map(textOf)].join('; caused by ').replace(/\s*[\r\n]+\s*/g, ' ');
}

/** The code of the error, or of its first cause that has one. */
export function codeOf(error: Error): string | undefined {
  for (const value of [error, ...causesOf(error).map((cause) => cause.value)]) {
    const code = (value as { readonly code?: unknown }).code;
    if (typeof code === 'string') return code;
  }
  return undefined;
}

interface Cause {
  readonly value: unknown;
  /** Whether the message may quote the payload. */
  readonly quotes: boolean;
}

function causesOf(error: Error): Cause[] {
  const causes: Cause[] = [];
  const seen = new Set<unknown>([error]);
  let quotes = false;
  for (let at: unknown = error; isErrorLike(at) && causes.length < MOST_CAUSES; at = at.cause) {
    quotes ||= QUOTING.has((at as { readonly code?: unknown }).code);
    const value = at.cause;
    if (value === undefined || value === null || seen.has(value)) break;
    seen.add(value);
    // JSON.parse() and Buffer quote the text in their messages.
    causes.push({ value, quotes: quotes || (isErrorLike(value) && value.name === 'SyntaxError') });
  }
  return causes;
}

function stackOf(cause: Cause): string {
  const { value, quotes } = cause;
  if (!isErrorLike(value) || typeof value.stack !== 'string') return textOf(cause);
  if (!quotes) return value.stack;
  const frames = value.stack.search(FRAMES);
  return textOf(cause) + (frames === -1 ? '' : value.stack.slice(frames));
}

function textOf({ value, quotes }: Cause): string {
  if (isErrorLike(value))
    return quotes ? `${String(value.name)} (its message may quote the payload)` : nameAndMessage(value);
  // A thrown value that is not an Error may be the payload itself.
  return quotes || typeof value !== 'string' ? `a value of type ${typeof value}` : value;
}

function nameAndMessage({ name, message }: ErrorLike): string {
  return message === '' ? String(name) : `${String(name)}: ${String(message)}`;
}

/** A thrown value that looks like an Error may have fields of any type, and logging it must not fail. */
interface ErrorLike {
  readonly name: unknown;
  readonly message: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
}

function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === 'object' && value !== null && 'message' in value && 'name' in value;
}

/** The thrown value if it is an Error; otherwise an error with the value as its cause. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (isErrorOfAnotherRealm(thrown)) return thrown;
  return errorOf('MULTI_BROKER_HANDLER_VALUE', { type: typeof thrown }, { cause: thrown });
}

/** `instanceof Error` is false for an Error of another realm, and Jest runs each test file in its own realm. */
function isErrorOfAnotherRealm(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
}
