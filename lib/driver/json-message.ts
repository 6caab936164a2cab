import { type CONTENT_TYPE, JSON_TYPE } from '../codec/index.js';
import type { Driver } from './driver.js';
import { type Incoming, type Outgoing, OUTGOING } from './message.js';
import { type CORRELATION_ID, type HOPS, PlainMessage } from './plain-message.js';

/** JSON with no headers but those that every result has. The bytes are made for those that ask. */
export class JsonMessage extends PlainMessage {
  private bytes: Buffer | undefined = undefined;

  constructor(
    /** Its UTF-8 is the body. */
    readonly text: string,
    origin: Incoming,
    publisher: string | undefined,
    hops: string,
    correlation: string | undefined,
  ) {
    super(origin, publisher, hops, correlation);
  }

  get contentType(): string {
    return JSON_TYPE;
  }

  get body(): Buffer {
    return (this.bytes ??= Buffer.from(this.text));
  }

  /** In one literal, as Kafka takes it for each message. */
  override newHeaders(): Record<string, string> {
    return {
      'correlation-id': this.correlationId,
      'multi-broker-hops': this.hops,
      'content-type': JSON_TYPE,
    } satisfies Record<typeof CORRELATION_ID | typeof HOPS | typeof CONTENT_TYPE, string>;
  }
}

/**
 * Whether a returned value is nothing but a payload. On Node 20 each object made by a spread has its own hidden class, so
 * that looking up a missing property costs 0.2 µs, and `in` 0.02 µs. It cannot be a promise, which the caller has awaited.
 * Observables are instances of a class, and so is `outgoing()` unless an interceptor has copied it.
 */
export function isPlainPayload(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return !(Symbol.asyncIterator in value) && !(OUTGOING in value);
}

/** For {@link Driver.readsByName}. */
export function publishOf(driver: Pick<Driver, 'publish'>): Driver['publish'] {
  return driver.publish;
}

/** The messages as this driver reads them. */
export function readableBy(driver: Driver, batch: readonly Outgoing[]): readonly Outgoing[] {
  const { readsByName } = driver;
  if (readsByName !== undefined && readsByName === driver.publish) return batch;
  return batch.map((message) => (message instanceof PlainMessage ? message.whole() : message));
}
