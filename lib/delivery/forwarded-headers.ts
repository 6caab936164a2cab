import type { Headers, Incoming, RawHeader } from '../driver/index.js';
import { CORRELATION_ID, staysBehind } from './headers.js';

/** What of a source message's headers a publisher asked for. */
export interface Forwarded {
  readonly text: Headers;
  /** What is no plain text, or repeated, or without a value. */
  readonly raw: readonly RawHeader[];
}

const NONE: readonly RawHeader[] = [];

/** The source's headers that a publisher asked for, without those that belong to one hop or cross by themselves. */
export function forwarded(incoming: Incoming, headers: Headers, which: true | readonly string[]): Forwarded {
  const wanted = (name: string): boolean =>
    !staysBehind(name) && name !== CORRELATION_ID && (which === true || which.includes(name));
  const came = incoming.rawHeaders?.();
  return came === undefined ? textual(headers, wanted) : split(came, headers, wanted);
}

function textual(headers: Headers, wanted: (name: string) => boolean): Forwarded {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (wanted(name)) text[name] = value;
  return { text, raw: NONE };
}

/** Most headers are plain texts, and then cross as such: records and twins show them. */
function split(came: readonly RawHeader[], headers: Headers, wanted: (name: string) => boolean): Forwarded {
  const text: Record<string, string> = {};
  const raw: RawHeader[] = [];
  const repeated = repeatedNames(came, headers);
  for (const header of came) {
    const [name, value] = header;
    if (!wanted(name)) continue;
    const written: unknown = headers[name];
    if (value !== null && !repeated.has(name) && isPlain(name, written)) text[name] = written;
    else raw.push(header);
  }
  return { text, raw };
}

const NOBODY: ReadonlySet<string> = new Set();

function repeatedNames(came: readonly RawHeader[], headers: Headers): ReadonlySet<string> {
  if (came.length === Object.keys(headers).length) return NOBODY;
  const seen = new Set<string>();
  return new Set(came.flatMap(([name]) => (seen.has(name) ? name : (seen.add(name), []))));
}

/** A replacement character may stand for what was no text; blanks around a value are trimmed by some clients. */
function isPlain(name: string, value: unknown): value is string {
  if (typeof value !== 'string' || !isPlainName(name)) return false;

  return !/[\x00-\x1f\x7f\ufffd]/.test(value) && value === value.trim();
}

/** Of the names that every system takes. */
export function isPlainName(name: string): boolean {
  return name !== '__proto__' && /^[!-9;-~]+$/.test(name);
}
