import type { PublishOptions } from 'nats';

import type { Log, Outgoing } from '../../driver/index.js';
import { asError, type PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { Connection } from './connection.js';
import { Frame } from './frame.js';
import { asHeaders, BadHeader, HeaderBlock } from './header-block.js';
import type { PublishErrors } from './publish-errors.js';

const empty = new Uint8Array(0);

/** Hands messages to the client, each checked before a byte of it is written. */
export class Writer {
  private readonly block: HeaderBlock;
  private readonly frame: Frame | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly errors: PublishErrors,
    broker: string,
    log: Log,
  ) {
    this.frame = Frame.on(connection.nc);
    this.block = new HeaderBlock((name) => {
      log.warn(`NATS '${broker}': the header ${JSON.stringify(name)} is not published: nats-server would act on it`);
    });
  }

  /**
   * Returns why the message cannot be written, else about how many bytes it is. It goes out with {@link send}, to be
   * called in the same turn: what is kept until the connection is another would never arrive.
   */
  write(to: NatsDestinationSpec, message: Outgoing, reply?: string): PublishError | number {
    try {
      const headers = this.block.text(message, to.stream);
      const body = message.body ?? empty;
      if (this.frame !== undefined) {
        if (!this.fits(headers, body)) return this.tooLarge(to);
        if (this.connection.nc.isClosed()) return this.errors.notConnected(to);
        return this.frame.add(to.subject, reply, headers, body);
      }
      this.connection.nc.publish(to.subject, body, options(headers, reply));
      return headers.length + body.length;
    } catch (thrown) {
      return this.failed(to, thrown);
    }
  }

  /** Hands over what was written since the last call. */
  send(): void {
    this.frame?.send();
  }

  /** Headers are counted only where it is a near thing: no character takes more than three bytes. */
  private fits(headers: string, body: Uint8Array): boolean {
    const { limit } = this;
    return body.length + headers.length * 3 <= limit || body.length + Buffer.byteLength(headers) <= limit;
  }

  private get limit(): number {
    return this.connection.nc.info?.max_payload ?? Infinity;
  }

  private failed(to: NatsDestinationSpec, thrown: unknown): PublishError {
    if (thrown instanceof BadHeader) return this.errors.badHeader(to, thrown.header, thrown.message);
    if (this.connection.nc.isClosed()) return this.errors.notConnected(to);
    const error = asError(thrown);
    return isMaxPayload(error) ? this.tooLarge(to) : this.errors.refused(to, error.message);
  }

  private tooLarge(to: NatsDestinationSpec): PublishError {
    return this.errors.tooLarge(to, `it is over the server's limit of ${this.limit} bytes (max_payload)`);
  }
}

function isMaxPayload(error: Error): boolean {
  return (error as { code?: unknown }).code === 'MAX_PAYLOAD_EXCEEDED';
}

/** nats.js writes into the object that it is given, so each call gets its own. */
function options(headers: string, reply: string | undefined): PublishOptions {
  const given: PublishOptions = {};
  if (headers !== '') given.headers = asHeaders(headers);
  if (reply !== undefined) given.reply = reply;
  return given;
}
