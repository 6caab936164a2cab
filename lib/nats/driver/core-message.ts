import { randomUUID } from 'node:crypto';

import type { Msg } from 'nats';

import type { Headers, Incoming, RawHeader } from '../../driver/index.js';
import type { SubjectParams } from '../subject-match.js';
import { bytesHeld, letGoOfOthers } from './message-memory.js';
import { readBody, readHeaders, readKey, readRawHeaders, readRawKey } from './message-parts.js';

const process = randomUUID();
let arrivals = 0;

/** One arrival by core NATS. Everything but the arrival's number is read when asked for. */
export class CoreMessage implements Incoming {
  private readonly arrival = ++arrivals;
  private subject: string | undefined;

  constructor(
    readonly raw: Msg,
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

  /** NATS has no other way to say that there is no value; only this library says so by a header. */
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

  get bytes(): number {
    return bytesHeld(this.raw);
  }

  willWait(): void {
    letGoOfOthers(this.raw);
  }

  /** Core NATS has no places: an arrival is itself. */
  get position(): string {
    return `nats:${this.broker}:${this.address}:${process}-${this.arrival.toString(36)}`;
  }

  /** Nobody brings it again. */
  get deliveries(): number {
    return 1;
  }

  headers(): Headers {
    return readHeaders(this.raw);
  }

  rawHeaders(): readonly RawHeader[] {
    return readRawHeaders(this.raw);
  }
}
