import { auto, contentTypeOf } from '../codec/index.js';
import type { DestinationSpec, Driver, Headers, Io, Outcome, Outgoing, RawHeader } from '../driver/index.js';
import type { ClockWaits } from './clock-waits.js';

/** A message that a broker has confirmed. */
export interface PublishedMessage {
  /** Decoded as a handler without a codec of its own would. */
  readonly payload: unknown;
  /** A value that is no text as UTF-8, of repeated ones the last. */
  readonly headers: Headers;
  /** Headers that are no plain text, or repeated; not there where there are none. */
  readonly rawHeaders?: readonly RawHeader[];
  /** One that is no text as UTF-8. */
  readonly key?: string;
  /** The key's bytes; not there where it is a text. */
  readonly rawKey?: Buffer;
  /** The topic or subject. */
  readonly destination: string;
}

/** One message that was handed to a driver, and what the server said. */
export interface RecordedPublish {
  readonly broker: string;
  /** Its place among all that was published and delivered. */
  readonly order: number;
  readonly address: string;
  readonly message: Outgoing;
  /** Undefined: it is still under way, or nothing is confirmed (a request). */
  outcome: Outcome | undefined;
}

/** What was published through one driver; requests and replies included. */
export class PublishedMessages {
  all: RecordedPublish[] = [];

  constructor(
    private readonly broker: string,
    private readonly next: () => number,
    private readonly waits: ClockWaits,
  ) {}

  /** What the server has, or may have. */
  confirmed(): readonly PublishedMessage[] {
    const has = this.all.filter(({ outcome }) => outcome !== undefined && 'receipt' in outcome);
    return has.map(({ message, address }) => asPublished(message, address));
  }

  /** The driver, with everything that it is given noted down. `ioOf` may change what it is connected with. */
  of(driver: Driver, ioOf: (io: Io) => Io): Driver {
    return {
      connect: (io, signal) => driver.connect(ioOf(io), signal),
      subscribe: (sources, sink, signal) => driver.subscribe(sources, sink, signal),
      publish: (to, batch) => this.#publish(driver, to, batch),
      close: () => driver.close(),
      native: () => driver.native(),
      // Delivery asks whether there is one.
      ...(driver.ailments !== undefined && { ailments: () => driver.ailments?.() ?? [] }),
      ...(driver.request !== undefined && { request: this.#requestOf(driver) }),
    };
  }

  async #publish(driver: Driver, to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const records = batch.map((message) => this.#record(message, to));
    const outcomes = await driver.publish(to, batch);
    records.forEach((record, index) => {
      const outcome = outcomes[index];
      if (outcome !== undefined) record.outcome = outcome;
    });
    return outcomes;
  }

  #requestOf(driver: Driver): NonNullable<Driver['request']> {
    return async (to, message, signal) => {
      this.#record(message, to).outcome = { receipt: {} };
      const answered = this.waits.request(message);
      try {
        const answer = await driver.request?.(to, message, signal);
        if (answer === undefined) throw new TypeError('The driver has no request()');
        return answer;
      } finally {
        answered();
      }
    };
  }

  #record(message: Outgoing, { address }: DestinationSpec): RecordedPublish {
    const record: RecordedPublish = { broker: this.broker, order: this.next(), address, message, outcome: undefined };
    this.all.push(record);
    return record;
  }
}

/** Decoded as a handler without a codec of its own would. */
export function payloadOf({ body, headers = {} }: Outgoing): unknown {
  return body === null ? null : decode(body, contentTypeOf(headers));
}

function asPublished(message: Outgoing, destination: string): PublishedMessage {
  const { headers = {}, key, rawHeaders } = message;
  return {
    payload: payloadOf(message),
    headers: rawHeaders === undefined ? { ...headers } : { ...headers, ...texts(rawHeaders) },
    ...(key !== undefined && { key: typeof key === 'string' ? key : Buffer.from(key).toString() }),
    destination,
    ...(rawHeaders !== undefined && { rawHeaders }),
    ...(typeof key === 'object' && { rawKey: Buffer.from(key) }),
  };
}

function texts(rawHeaders: readonly RawHeader[]): Headers {
  return Object.fromEntries(rawHeaders.flatMap(([name, value]) => (value === null ? [] : [[name, value.toString()]])));
}

/** What cannot be decoded was written by a codec of the user's: its bytes are shown. */
function decode(body: Uint8Array, contentType: string | undefined): unknown {
  try {
    return auto.decode(body, contentType);
  } catch {
    return body;
  }
}
