import type { Outgoing } from '../../../driver/index.js';
import {
  classify,
  DEDUPE_HEADER,
  EXPECTED_STREAM_HEADER,
  headerProblem,
  isKeyHeader,
  keyLine,
  NULL_LINE,
  rawLines,
} from '../../header-names.js';

/** A header that cannot be written. */
export class BadHeader extends Error {
  constructor(
    readonly header: string,
    problem: string,
  ) {
    super(problem);
  }
}

/** Header names may be derived from data, without bound: the cache is emptied at this size. */
const MAX_NAMES = 1_000;
/** Values up to this length (a content type, a hop count) usually repeat. */
const SHORT_VALUE = 24;

/** A header name seen before. */
interface Name {
  /** `name: `; undefined if the header is left out. */
  readonly start: string | undefined;
  /** The last short value and its line: most messages repeat it. */
  value: string | undefined;
  line: string;
}

/**
 * Encodes a message's headers in the NATS wire format. nats.js's MsgHdrs checks and copies every name and value three
 * times.
 */
export class HeaderBlock {
  private readonly names = new Map<string, Name>();

  constructor(private readonly leftOut: (name: string) => void) {}

  /** The whole header block; '' without headers. Throws {@link BadHeader}. */
  text(message: Outgoing, stream: string | undefined): string {
    let lines = '';
    for (const name in message.headers) {
      if (message.key === undefined || !isKeyHeader(name)) lines += this.line(name, message.headers[name] ?? '');
    }
    if (message.rawHeaders !== undefined) {
      for (const [name, value] of rawLines(message.rawHeaders)) lines += this.line(name, value);
    }
    if (message.key !== undefined) lines += line(...keyLine(message.key));
    if (message.body === null) lines += line(...NULL_LINE);
    if (message.dedupeId !== undefined) lines += line(DEDUPE_HEADER, message.dedupeId);
    if (stream !== undefined) lines += line(EXPECTED_STREAM_HEADER, stream);
    return lines === '' ? '' : `NATS/1.0\r\n${lines}\r\n`;
  }

  private line(name: string, value: string): string {
    const known = this.names.get(name) ?? this.learn(name, value);
    if (known.start === undefined) return '';
    if (known.value === value) return known.line;
    if (breaksLine(value)) throw new BadHeader(name, headerProblem(name, value) ?? '');
    const line = `${known.start}${value}\r\n`;
    if (value.length <= SHORT_VALUE) {
      known.value = value;
      known.line = line;
    }
    return line;
  }

  private learn(name: string, value: string): Name {
    const kind = classify(name);
    if (kind === 'invalid') throw new BadHeader(name, headerProblem(name, value) ?? '');
    if (this.names.size >= MAX_NAMES) this.names.clear();
    if (kind === 'left-out') this.leftOut(name);
    const known: Name = { start: kind === 'left-out' ? undefined : `${name}: `, value: undefined, line: '' };
    this.names.set(name, known);
    return known;
  }
}

/** The line of one of the library's own headers: only the value may be invalid. */
function line(name: string, value: string): string {
  if (breaksLine(value)) throw new BadHeader(name, headerProblem(name, value) ?? '');
  return `${name}: ${value}\r\n`;
}

/** A regular expression takes twice as long, and most messages bring a new value. */
function breaksLine(value: string): boolean {
  return value.indexOf('\n') >= 0 || value.indexOf('\r') >= 0;
}

/** The block as nats.js's publish takes it: it calls nothing but `encode()`. */
export function asHeaders(block: string): { encode(): Uint8Array } {
  return { encode: () => Buffer.from(block) };
}
