import type { MsgHdrs } from 'nats';

import type { Outgoing } from '../../driver/index.js';
import { actsOnServer, dedupeHeader, expectedStreamHeader, headerProblem, keyHeader } from '../header-names.js';

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

/**
 * Writes a message's headers as NATS wants them. nats.js asks its headers for nothing but `encode()` when it
 * publishes, and its own check and copy every name and value three times.
 */
export class HeaderBlock {
  /** `name: ` of names that may be written; undefined for those that are left out. */
  private readonly names = new Map<string, string | undefined>();

  constructor(private readonly leftOut: (name: string) => void) {}

  /** Undefined where there are none. Throws {@link BadHeader}. */
  write(message: Outgoing, stream: string | undefined): Uint8Array | undefined {
    let lines = '';
    for (const name in message.headers) {
      if (message.key === undefined || name.toLowerCase() !== keyHeader)
        lines += this.line(name, message.headers[name] ?? '');
    }
    if (message.key !== undefined) lines += line(keyHeader, message.key);
    if (message.dedupeId !== undefined) lines += line(dedupeHeader, message.dedupeId);
    if (stream !== undefined) lines += line(expectedStreamHeader, stream);
    return lines === '' ? undefined : Buffer.from(`NATS/1.0\r\n${lines}\r\n`);
  }

  private line(name: string, value: string): string {
    if (!this.names.has(name)) this.learn(name, value);
    const start = this.names.get(name);
    if (start === undefined) return '';
    if (/[\r\n]/.test(value)) throw new BadHeader(name, headerProblem(name, value) ?? '');
    return `${start}${value}\r\n`;
  }

  private learn(name: string, value: string): void {
    const problem = headerProblem(name, value);
    if (problem !== undefined) throw new BadHeader(name, problem);
    if (this.names.size >= remembered) this.names.clear();
    const forbidden = actsOnServer(name);
    if (forbidden) this.leftOut(name);
    this.names.set(name, forbidden ? undefined : `${name}: `);
  }
}

function line(name: string, value: string): string {
  const problem = headerProblem(name, value);
  if (problem !== undefined) throw new BadHeader(name, problem);
  return `${name}: ${value}\r\n`;
}

/** As nats.js's publish takes them. */
export function asHeaders(block: Uint8Array): MsgHdrs {
  return { encode: () => block } as unknown as MsgHdrs;
}
