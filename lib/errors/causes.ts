import type { ErrorCode } from './catalogue.js';

/** A chain that ends in itself, or one that a client makes longer at each try. */
const MOST_CAUSES = 5;
/** Where the message ends in a stack. */
const FRAMES = /\n\s+at /;
/** Codes of errors whose causes are a codec's, which may quote the payload. */
const QUOTING = new Set<unknown>(['MULTI_BROKER_UNDECODABLE', 'MULTI_BROKER_UNENCODABLE'] satisfies ErrorCode[]);

/** The stack of an error and of each cause beneath it. A payload that a codec quotes is left out. */
export function stackWithCauses(error: Error): string {
  const causes = causesOf(error).map((cause) => `Caused by: ${stackOf(cause)}`);
  return [error.stack ?? nameAndMessage(error), ...causes].join('\n');
}

/** An error and each cause beneath it, name and message, in one line. */
export function lineWithCauses(error: Error): string {
  return [nameAndMessage(error), ...causesOf(error).map(textOf)].join('; caused by ').replace(/\s*[\r\n]+\s*/g, ' ');
}

/** Its code, or that of the first cause that has one. */
export function codeOf(error: Error): string | undefined {
  for (const value of [error, ...causesOf(error).map((cause) => cause.value)]) {
    const code = (value as { readonly code?: unknown }).code;
    if (typeof code === 'string') return code;
  }
  return undefined;
}

interface Cause {
  readonly value: unknown;
  /** Its message may quote the payload. */
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
    // What JSON.parse() and Buffer say quotes the text.
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
  // What is thrown and no Error may be the payload itself.
  return quotes || typeof value !== 'string' ? `a value of type ${typeof value}` : value;
}

function nameAndMessage({ name, message }: ErrorLike): string {
  return message === '' ? String(name) : `${String(name)}: ${String(message)}`;
}

/** What was thrown may look like an Error and be none: a line of the log must not fail by it. */
interface ErrorLike {
  readonly name: unknown;
  readonly message: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
}

function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === 'object' && value !== null && 'message' in value && 'name' in value;
}
