import type { MsgHdrs } from 'nats';

import type { Outgoing } from '../../driver/index.js';
import { keyLine, nullLine, rawLines } from '../carried.js';
import { actsOnServer, dedupeHeader, expectedStreamHeader, headerProblem, isKeyHeader } from '../header-names.js';

/** A header that cannot be written. */
export class BadHeader extends Error {
  constructor(
    readonly header: string,
    problem: string,
  ) {
    super(problem);
  }
}

/** Header names may come from data without end. */
const remembered = 1_000;
/** Values up to this length (a content type, a number of hops) come again and again. */
const shortValue = 24;

/** A header name that came before. */
interface Name {
  /** `name: `; undefined: it is left out. */
  readonly start: string | undefined;
  /** The last value that was short, and its line: most messages repeat it. */
  value: string | undefined;
  line: string;
}

/**
 * Writes a message's headers as NATS wants them. nats.js's own check and copy every name and value three times.
 */
export class HeaderBlock {
  private readonly names = new Map<string, Name>();

  constructor(private readonly leftOut: (name: string) => void) {}

  /** The whole block; '' where there are no headers. Throws {@link BadHeader}. */
  text(message: Outgoing, stream: string | undefined): string {
    let lines = '';
    for (const name in message.headers) {
      if (message.key === undefined || !isKeyHeader(name)) lines += this.line(name, message.headers[name] ?? '');
    }
    if (message.rawHeaders !== undefined) {
      for (const [name, value] of rawLines(message.rawHeaders)) lines += this.line(name, value);
    }
    if (message.key !== undefined) lines += line(...keyLine(message.key));
    if (message.body === null) lines += line(...nullLine);
    if (message.dedupeId !== undefined) lines += line(dedupeHeader, message.dedupeId);
    if (stream !== undefined) lines += line(expectedStreamHeader, stream);
    return lines === '' ? '' : `NATS/1.0\r\n${lines}\r\n`;
  }

  private line(name: string, value: string): string {
    const known = this.names.get(name) ?? this.learn(name, value);
    if (known.start === undefined) return '';
    if (known.value === value) return known.line;
    if (breaksLine(value)) throw new BadHeader(name, headerProblem(name, value) ?? '');
    const line = `${known.start}${value}\r\n`;
    if (value.length <= shortValue) {
      known.value = value;
      known.line = line;
    }
    return line;
  }

  private learn(name: string, value: string): Name {
    const problem = headerProblem(name, value);
    if (problem !== undefined) throw new BadHeader(name, problem);
    if (this.names.size >= remembered) this.names.clear();
    const forbidden = actsOnServer(name);
    if (forbidden) this.leftOut(name);
    const known: Name = { start: forbidden ? undefined : `${name}: `, value: undefined, line: '' };
    this.names.set(name, known);
    return known;
  }
}

/** Of a name that is the library's own: only the value may be wrong. */
function line(name: string, value: string): string {
  if (breaksLine(value)) throw new BadHeader(name, headerProblem(name, value) ?? '');
  return `${name}: ${value}\r\n`;
}

/** A regular expression takes twice as long, and each message brings a value of its own. */
function breaksLine(value: string): boolean {
  return value.indexOf('\n') >= 0 || value.indexOf('\r') >= 0;
}

/** As nats.js's publish takes them: it asks for nothing but `encode()`. */
export function asHeaders(block: string): MsgHdrs {
  return { encode: () => Buffer.from(block) } as unknown as MsgHdrs;
}
