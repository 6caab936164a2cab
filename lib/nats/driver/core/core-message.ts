import { randomUUID } from 'node:crypto';

import type { Headers, Incoming, RawHeader } from '../../../driver/index.js';
import type { SubjectParams } from '../../subject.js';
import {
  bytesHeld,
  letGoOfOthers,
  readBody,
  readHeaders,
  readKey,
  readRawHeaders,
  readRawKey,
} from '../connection/message-parts.js';
import type { ClientMessage } from '../connection/client-port.js';

const PROCESS_ID = randomUUID();
let arrivals = 0;

/** One message of a core subscription. Its parts are parsed on access. */
export class CoreMessage implements Incoming {
  private readonly arrival = ++arrivals;
  private subject: string | undefined;
  private held: number | undefined;

  constructor(
    readonly raw: ClientMessage,
    private readonly broker: string,
    readonly timestamp: number,
    private readonly readParams?: (subject: string) => SubjectParams,
  ) {}

  get body(): Uint8Array | null {
    return readBody(this.raw);
  }

  get key(): string | undefined {
    return readKey(this.raw);
  }

  get rawKey(): Buffer | undefined {
    return readRawKey(this.raw);
  }

  /** NATS has no null value: an empty body may mean one, unless this library published it and says so in a header. */
  get emptyMayBeNull(): boolean {
    return this.raw.data.length === 0;
  }

  get address(): string {
    this.subject ??= this.raw.subject;
    return this.subject;
  }

  get params(): SubjectParams | undefined {
    return this.readParams?.(this.address);
  }

  get replyTo(): string | undefined {
    return this.raw.reply === '' ? undefined : this.raw.reply;
  }

  /** The same for as long as it lives: delivery takes off what it has counted, also where {@link willWait} copies it. */
  get bytes(): number {
    return (this.held ??= bytesHeld(this.raw));
  }

  willWait(): void {
    letGoOfOthers(this.raw);
  }

  /** Core NATS has no positions, so each arrival gets a number of its own. */
  get position(): string {
    return `nats:${this.broker}:${this.address}:${PROCESS_ID}-${this.arrival.toString(36)}`;
  }

  /** Core NATS never redelivers. */
  get deliveryCount(): number {
    return 1;
  }

  headers(): Headers {
    return readHeaders(this.raw);
  }

  rawHeaders(): readonly RawHeader[] {
    return readRawHeaders(this.raw);
  }
}
