import { isUtf8 } from 'node:buffer';
import type { Headers, Outgoing, RawHeader } from '../driver/index.js';
import { phrase } from '../errors/index.js';
/** Carries a message's key: NATS has no keys. */
export const KEY_HEADER = 'message-key';

/** Carries a key that a header cannot carry unchanged, as base64. */
export const KEY_BYTES_HEADER = 'message-key-base64';

/** Carries one header that NATS cannot carry unchanged: `name=base64`, the name percent-encoded. */
export const ENCODED_HEADER = 'multi-broker-header';

/** `null` marks a message without a value, for NATS has only empty bodies. */
export const VALUE_HEADER = 'multi-broker-value';

/** Header of the server by whose value a stream drops duplicates. */
export const DEDUPE_HEADER = 'Nats-Msg-Id';

/** Header of the server that names the stream that must capture the message. */
export const EXPECTED_STREAM_HEADER = 'Nats-Expected-Stream';

/** Whether readers interpret the header as a message's key, null value or encoded header. */
export function isOwnHeader(name: string): boolean {
  return name === KEY_HEADER || name === KEY_BYTES_HEADER || name === ENCODED_HEADER || name === VALUE_HEADER;
}

/** Whether the header, in any spelling, is that of a key. */
export function isKeyHeader(name: string): boolean {
  if (name.length !== KEY_HEADER.length && name.length !== KEY_BYTES_HEADER.length) return false;
  const lower = name.toLowerCase();
  return lower === KEY_HEADER || lower === KEY_BYTES_HEADER;
}

/**
 * Whether the server acts on the header: forwarded from another system or stream, it would make the server drop
 * duplicates, roll up or refuse. nats-server up to 2.9.3 accepts any name that ends in `Nats-Msg-Id` (nats-server #3645).
 * The errors of services are for requesters alone: a handler may answer by them.
 */
function actsOnServer(name: string): boolean {
  return /^nats-(?!service-error(-code)?$)|nats-msg-id$/i.test(name);
}

/** Why the header cannot be written, or undefined. */
export function headerProblem(name: string, value: string): string | undefined {
  if (!VALID_NAME.test(name)) return phrase('natsHeaderName');
  return /[\r\n]/.test(value) ? phrase('natsHeaderLineBreak') : undefined;
}

const VALID_NAME = /^[!-9;-~]+$/;

/**
 * - `invalid`: NATS has no form for the name, so the publish fails;
 * - `left-out`: the server would act on it, so it is not written;
 * - `own`: a reader takes it for the message's key, value or an encoded header;
 * - `plain`: written and read as any header.
 */
export type HeaderKind = 'plain' | 'invalid' | 'left-out' | 'own';

/** Names may be made from data without end: the cache is emptied at this size. */
const MAX_CLASSIFIED = 1_000;
const CLASSIFIED = new Map<string, HeaderKind>();

/** How a header of this name is published, by the driver and by its twin alike. */
export function classify(name: string): HeaderKind {
  const known = CLASSIFIED.get(name);
  if (known !== undefined) return known;
  const kind = kindOf(name);
  if (CLASSIFIED.size >= MAX_CLASSIFIED) CLASSIFIED.clear();
  CLASSIFIED.set(name, kind);
  return kind;
}

function kindOf(name: string): HeaderKind {
  if (!VALID_NAME.test(name)) return 'invalid';
  if (actsOnServer(name)) return 'left-out';
  return isOwnHeader(name) || isKeyHeader(name) ? 'own' : 'plain';
}

/** A header line: a name and a text. */
export type Line = readonly [name: string, value: string];

/** Header lines as nats.js reads them: by name, each value in order. */
export type Lines = Iterable<readonly [name: string, values: readonly string[]]>;

/** Whether nats.js, which trims values, reads this one as it was written. */
function isExact(value: string): boolean {
  return value === value.trim() && !/[\r\n]/.test(value);
}

/** The header line of a key: as text if a header can carry it unchanged, else as base64. */
export function keyLine(key: string | Uint8Array): Line {
  if (typeof key === 'string' && isExact(key)) return [KEY_HEADER, key];
  const bytes = Buffer.from(key as Uint8Array);
  const text = bytes.toString();
  return isUtf8(bytes) && isExact(text) ? [KEY_HEADER, text] : [KEY_BYTES_HEADER, bytes.toString('base64')];
}

/** Marks an empty body as null. */
export const NULL_LINE: Line = [VALUE_HEADER, 'null'];

/**
 * The lines of binary headers: as they are if NATS can carry every value of the name, else all of them encoded, which
 * keeps the order of repeated ones.
 */
export function rawLines(raw: readonly RawHeader[]): readonly Line[] {
  const encoded = new Set(raw.filter((header) => !isNatsHeader(header)).map(([name]) => name));
  return raw.map(([name, value]) => {
    return encoded.has(name) || value === null ? [ENCODED_HEADER, encode(name, value)] : [name, value.toString()];
  });
}

function isNatsHeader([name, value]: RawHeader): boolean {
  if (value === null || !isUtf8(value) || isOwnHeader(name)) return false;
  const text = value.toString();
  return headerProblem(name, text) === undefined && isExact(text);
}

/** Without `=` for a null value. The Buffer replaces lone surrogates, on which encodeURIComponent throws. */
function encode(name: string, value: Buffer | null): string {
  const written = encodeURIComponent(Buffer.from(name).toString());
  return value === null ? written : `${written}=${value.toString('base64')}`;
}

/** Undefined if the line is not in this library's encoding. */
function decode(line: string): RawHeader | undefined {
  const at = line.indexOf('=');
  try {
    const name = decodeURIComponent(at < 0 ? line : line.slice(0, at));
    return [name, at < 0 ? null : Buffer.from(line.slice(at + 1), 'base64')];
  } catch {
    return undefined;
  }
}

/** The key as text, or as bytes if it was encoded. */
export function keyOf(lines: Lines): string | Buffer | undefined {
  let key: string | undefined;
  for (const [name, values] of lines) {
    if (name === KEY_BYTES_HEADER) return Buffer.from(values.at(-1) ?? '', 'base64');
    if (name === KEY_HEADER) key = values.at(-1);
  }
  return key;
}

/** Whether the publisher marked the message as one without a value. */
export function saysNull(lines: Lines): boolean {
  for (const [name, values] of lines) if (name === VALUE_HEADER) return values.at(-1) === NULL_LINE[1];
  return false;
}

/**
 * The last value of each header, without the key: otherwise a bridge would forward the key although it was not asked to.
 */
export function headersOf(lines: Lines): Headers {
  const found: Line[] = [];
  for (const [name, values] of lines) {
    if (!isOwnHeader(name)) found.push([name, values.at(-1) ?? '']);
    else if (name === ENCODED_HEADER) found.push(...encodedIn(values).flatMap(asText));
  }
  // fromEntries makes an own property even of `__proto__`.
  return Object.fromEntries(found);
}

/** All headers, in order, as bytes. */
export function rawHeadersOf(lines: Lines): readonly RawHeader[] {
  const found: RawHeader[] = [];
  for (const [name, values] of lines) {
    if (name === ENCODED_HEADER) found.push(...encodedIn(values));
    else if (!isOwnHeader(name)) for (const value of values) found.push([name, Buffer.from(value)]);
  }
  return found;
}

function encodedIn(values: readonly string[]): readonly RawHeader[] {
  return values.map((value) => decode(value) ?? [ENCODED_HEADER, Buffer.from(value)]);
}

function asText([name, value]: RawHeader): readonly Line[] {
  return value === null ? [] : [[name, value.toString()]];
}

/** The lines of a message's key, null value and binary headers. */
export function carriedLines({ key, body, rawHeaders }: Outgoing): readonly Line[] {
  const lines = rawHeaders === undefined ? [] : [...rawLines(rawHeaders)];
  if (key !== undefined) lines.push(keyLine(key));
  if (body === null) lines.push(NULL_LINE);
  return lines;
}
