import type { PublishOptions } from 'nats';

import type { Log, Outgoing } from '../../driver/index.js';
import { asError, type PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { Connection } from './connection.js';
import { asHeaders, BadHeader, HeaderBlock } from './header-block.js';
import type { PublishErrors } from './publish-errors.js';

const empty = new Uint8Array(0);

/** Hands single messages to the client, each checked before a byte of it is written. */
export class Writer {
  private readonly block: HeaderBlock;

  constructor(
    private readonly connection: Connection,
    private readonly errors: PublishErrors,
    broker: string,
    log: Log,
  ) {
    this.block = new HeaderBlock((name) => {
      log.warn(`NATS '${broker}': the header ${JSON.stringify(name)} is not published: nats-server would act on it`);
    });
  }

  /** Returns why the message was not written, else its size in bytes. */
  write(to: NatsDestinationSpec, message: Outgoing, reply?: string): PublishError | number {
    try {
      const headers = this.block.write(message, to.stream);
      const body = message.body ?? empty;
      const size = body.length + (headers?.length ?? 0);
      this.connection.nc.publish(to.subject, body, options(headers, reply));
      return size;
    } catch (thrown) {
      return this.failed(to, thrown);
    }
  }

  private failed(to: NatsDestinationSpec, thrown: unknown): PublishError {
    if (thrown instanceof BadHeader) return this.errors.badHeader(to, thrown.header, thrown.message);
    if (this.connection.nc.isClosed()) return this.errors.notConnected(to);
    const error = asError(thrown);
    if (!isMaxPayload(error)) return this.errors.refused(to, error.message);
    // nats.js looks at the size, headers included, before it writes.
    const limit = this.connection.nc.info?.max_payload ?? 0;
    return this.errors.tooLarge(to, `it is over the server's limit of ${limit} bytes (max_payload)`);
  }
}

function isMaxPayload(error: Error): boolean {
  return (error as { code?: unknown }).code === 'MAX_PAYLOAD_EXCEEDED';
}

/** nats.js writes into the object that it is given, so each call gets its own. */
function options(headers: Uint8Array | undefined, reply: string | undefined): PublishOptions {
  const given: PublishOptions = {};
  if (headers !== undefined) given.headers = asHeaders(headers);
  if (reply !== undefined) given.reply = reply;
  return given;
}
