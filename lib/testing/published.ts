import { auto, CONTENT_TYPE } from '../codec/index.js';
import type { DestinationSpec, Driver, Headers, Io, Outcome, Outgoing } from '../driver/index.js';

/** A message that a broker has confirmed. */
export interface PublishedMessage {
  /** Decoded as a handler without a codec of its own would. */
  readonly payload: unknown;
  readonly headers: Headers;
  readonly key?: string;
  /** The topic or subject. */
  readonly destination: string;
}

/** What was published through one driver; requests and replies included. */
export class PublishedMessages {
  readonly all: PublishedMessage[] = [];

  /** The driver, with everything that it confirms noted down. `ioOf` may change what it is connected with. */
  of(driver: Driver, ioOf: (io: Io) => Io): Driver {
    return {
      connect: (io, signal) => driver.connect(ioOf(io), signal),
      subscribe: (sources, sink, signal) => driver.subscribe(sources, sink, signal),
      publish: (to, batch) => this.#publish(driver, to, batch),
      close: () => driver.close(),
      native: () => driver.native(),
      // Delivery asks whether there is one.
      ...('ailments' in driver && { ailments: () => driver.ailments?.() ?? [] }),
      ...('request' in driver && { request: this.#requestOf(driver) }),
    };
  }

  async #publish(driver: Driver, to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const outcomes = await driver.publish(to, batch);
    batch.forEach((message, index) => {
      const outcome = outcomes[index];
      if (outcome !== undefined && 'receipt' in outcome) this.all.push(asPublished(message, to));
    });
    return outcomes;
  }

  #requestOf(driver: Driver): NonNullable<Driver['request']> {
    return async (to, message, signal) => {
      this.all.push(asPublished(message, to));
      const answer = await driver.request?.(to, message, signal);
      if (answer === undefined) throw new TypeError('The driver has no request()');
      return answer;
    };
  }
}

function asPublished({ body, headers = {}, key }: Outgoing, to: DestinationSpec): PublishedMessage {
  const payload = body === null ? null : decode(body, headers[CONTENT_TYPE]);
  return { payload, headers, ...(key !== undefined && { key }), destination: to.address };
}

/** What cannot be decoded was written by a codec of the user's: its bytes are shown. */
function decode(body: Uint8Array, contentType: string | undefined): unknown {
  try {
    return auto.decode(body, contentType);
  } catch {
    return body;
  }
}
