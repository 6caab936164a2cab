import { placeholderOf } from '../driver/index.js';
import { errorOf, phrase } from '../errors/index.js';

/** Use of a subject: only a subscription may contain wildcards. */
export type SubjectUse = 'publish' | 'subscribe';

/** nats-server closes a connection that sends a protocol line over 4,096 bytes (max_control_line), which may hold two subjects. */
const MAX_BYTES = 1_024;

// nats.js writes subjects unchecked, and the server would parse these characters as protocol.
const BLANK_OR_CONTROL = /[\s\u0000-\u001f\u007f]/;

/** Why the subject is invalid, or undefined. */
export function subjectProblem(subject: string, use: SubjectUse): string | undefined {
  if (subject === '') return phrase('isEmpty');
  if (BLANK_OR_CONTROL.test(subject)) return phrase('holdsBlank');
  if (Buffer.byteLength(subject) > MAX_BYTES) return phrase('isTooLong', { most: MAX_BYTES });
  // Client and server accept `a..b`, but the message is lost.
  if (subject.startsWith('.') || subject.endsWith('.') || subject.includes('..')) return phrase('subjectEmptyToken');
  return wildcardProblem(subject, use);
}

function wildcardProblem(subject: string, use: SubjectUse): string | undefined {
  if (!subject.includes('*') && !subject.includes('>')) return undefined;
  const tokens = subject.split('.');
  if (use === 'publish') {
    return tokens.some((token) => token === '*' || token === '>') ? phrase('subjectWildcard') : undefined;
  }
  const tail = tokens.indexOf('>');
  return tail >= 0 && tail < tokens.length - 1 ? phrase('subjectEarlyTail') : undefined;
}

/** Why the name of a queue group is invalid, or undefined. */
export function queueProblem(queue: string): string | undefined {
  if (queue === '') return phrase('isEmpty');
  if (BLANK_OR_CONTROL.test(queue)) return phrase('holdsBlank');
  return Buffer.byteLength(queue) > MAX_BYTES ? phrase('isTooLong', { most: MAX_BYTES }) : undefined;
}

/**
 * Why the name of a stream or consumer is invalid, or undefined: it becomes a token of a subject.
 */
export function entityProblem(name: string): string | undefined {
  if (name === '') return phrase('isEmpty');
  if (BLANK_OR_CONTROL.test(name)) return phrase('holdsBlank');
  if (/[.*>/\\]/.test(name)) return phrase('entityCharacters');
  return Buffer.byteLength(name) > 255 ? phrase('isTooLong', { most: 255 }) : undefined;
}

/** A broker's prefix as it begins the names of streams, which must not hold a dot: `staging.` is `staging-`. */
export function streamPrefix(prefix: string | undefined): string | undefined {
  return prefix?.replaceAll('.', '-');
}

/** Throws MULTI_BROKER_ADDRESS_INVALID if there is a problem. */
export function refuse(problem: string | undefined, what: string, name: string, broker: string): void {
  if (problem === undefined) return;
  throw errorOf('MULTI_BROKER_ADDRESS_INVALID.name', { what, name: shown(name), broker, problem });
}

/** As JSON, so that no line break reaches a log; truncated, for it may contain a payload by mistake. */
const shown = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);

/** Values of a pattern's wildcards, by position from '0'. */
export type SubjectParams = Readonly<Record<string, string>>;

/** Whether the pattern matches the subject. */
export function subjectMatches(pattern: string, subject: string): boolean {
  return match(pattern.split('.'), subject.split('.'));
}

/** Whether some subject matches both patterns. */
export function subjectsOverlap(one: string, other: string): boolean {
  const left = one.split('.');
  const right = other.split('.');
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const a = left[at];
    const b = right[at];
    if (a === undefined || b === undefined) return false;
    if (a === '>' || b === '>') return true;
    if (a !== '*' && b !== '*' && a !== b) return false;
  }
  return true;
}

function match(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const wanted = pattern[at];
    if (wanted === '>') return tokens.length > at;
    if (at >= tokens.length || (wanted !== '*' && wanted !== tokens[at])) return false;
  }
  return pattern.length === tokens.length;
}

/**
 * Returns a function that extracts the values of a pattern's wildcards from a subject that matches it: one token for
 * `*`, the rest for `>`. Undefined if the pattern has no wildcard, so that messages cost nothing.
 */
export function paramReader(pattern: string | undefined): ((subject: string) => SubjectParams) | undefined {
  const tokens = pattern?.split('.') ?? [];
  const places = tokens.flatMap((token, at) =>
    token === '*' || token === '>' || placeholderOf(token) !== undefined ? [at] : [],
  );
  const names = places.map((at, place) => placeholderOf(tokens[at] ?? '') ?? String(place));
  if (places.length === 0) return undefined;
  const open = tokens.at(-1) === '>' ? tokens.length - 1 : -1;
  return (subject) => {
    const given = subject.split('.');
    return Object.fromEntries(
      places.map((at, index) => [names[index] ?? '', at === open ? given.slice(at).join('.') : (given[at] ?? '')]),
    );
  };
}
