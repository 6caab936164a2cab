import { isUtf8 } from 'node:buffer';

import type { Headers, Outgoing, RawHeader } from '../driver/index.js';
import { encodedHeader, headerProblem, isOwnHeader, keyBytesHeader, keyHeader, valueHeader } from './header-names.js';

/** A header line: a name and a text. */
export type Line = readonly [name: string, value: string];

/** Header lines as nats.js reads them: by name, each value in order. */
export type Lines = Iterable<readonly [name: string, values: readonly string[]]>;

/** Whether nats.js reads the value as it was written: it takes blanks away around it. */
function isExact(value: string): boolean {
  return value === value.trim() && !/[\r\n]/.test(value);
}

/** A text as it is, and as base64 what a header cannot hold so that it is read as it was. */
export function keyLine(key: string | Uint8Array): Line {
  if (typeof key === 'string' && isExact(key)) return [keyHeader, key];
  const bytes = Buffer.from(key as Uint8Array);
  const text = bytes.toString();
  return isUtf8(bytes) && isExact(text) ? [keyHeader, text] : [keyBytesHeader, bytes.toString('base64')];
}

/** Says that an empty body is no value. */
export const nullLine: Line = [valueHeader, 'null'];

/**
 * Headers that are bytes: as they are where NATS has a form for all of that name, else encoded. That keeps the order of
 * repeated ones.
 */
export function rawLines(raw: readonly RawHeader[]): readonly Line[] {
  const encoded = new Set(raw.filter((header) => !isNatsHeader(header)).map(([name]) => name));
  return raw.map(([name, value]) => {
    return encoded.has(name) || value === null ? [encodedHeader, encode(name, value)] : [name, value.toString()];
  });
}

function isNatsHeader([name, value]: RawHeader): boolean {
  if (value === null || !isUtf8(value) || isOwnHeader(name)) return false;
  const text = value.toString();
  return headerProblem(name, text) === undefined && isExact(text);
}

/** Without `=` it has no value. A lone surrogate, of which there is no percent form, is none in UTF-8 either. */
function encode(name: string, value: Buffer | null): string {
  const written = encodeURIComponent(Buffer.from(name).toString());
  return value === null ? written : `${written}=${value.toString('base64')}`;
}

/** Undefined: it was written by somebody else. */
function decode(line: string): RawHeader | undefined {
  const at = line.indexOf('=');
  try {
    const name = decodeURIComponent(at < 0 ? line : line.slice(0, at));
    return [name, at < 0 ? null : Buffer.from(line.slice(at + 1), 'base64')];
  } catch {
    return undefined;
  }
}

/** The key's text, or its bytes. */
export function keyOf(lines: Lines): string | Buffer | undefined {
  let key: string | undefined;
  for (const [name, values] of lines) {
    if (name === keyBytesHeader) return Buffer.from(values.at(-1) ?? '', 'base64');
    if (name === keyHeader) key = values.at(-1);
  }
  return key;
}

/** Whether the writer says that the message has no value. */
export function saysNull(lines: Lines): boolean {
  for (const [name, values] of lines) if (name === valueHeader) return values.at(-1) === nullLine[1];
  return false;
}

/**
 * Of repeated headers the last. The key is not among them, or it would cross a bridge that was not asked to carry it.
 */
export function headersOf(lines: Lines): Headers {
  const found: Line[] = [];
  for (const [name, values] of lines) {
    if (!isOwnHeader(name)) found.push([name, values.at(-1) ?? '']);
    else if (name === encodedHeader) found.push(...encodedIn(values).flatMap(asText));
  }
  // fromEntries makes an own property even of `__proto__`.
  return Object.fromEntries(found);
}

/** All of them, in order, as bytes. */
export function rawHeadersOf(lines: Lines): readonly RawHeader[] {
  const found: RawHeader[] = [];
  for (const [name, values] of lines) {
    if (name === encodedHeader) found.push(...encodedIn(values));
    else if (!isOwnHeader(name)) for (const value of values) found.push([name, Buffer.from(value)]);
  }
  return found;
}

function encodedIn(values: readonly string[]): readonly RawHeader[] {
  return values.map((value) => decode(value) ?? [encodedHeader, Buffer.from(value)]);
}

function asText([name, value]: RawHeader): readonly Line[] {
  return value === null ? [] : [[name, value.toString()]];
}

/** The lines that a message has beside those of its text headers. */
export function carriedLines({ key, body, rawHeaders }: Outgoing): readonly Line[] {
  const lines = rawHeaders === undefined ? [] : [...rawLines(rawHeaders)];
  if (key !== undefined) lines.push(keyLine(key));
  if (body === null) lines.push(nullLine);
  return lines;
}
