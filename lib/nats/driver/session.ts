import type { NatsConnection } from 'nats';

import { type Io, type Outcome, type Outgoing, sleep } from '../../driver/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { NatsClient } from '../load-client.js';
import type { NatsBrokerOptions } from '../options.js';
import { Acks } from './acks.js';
import { Connection } from './connection.js';
import { CorePublisher } from './core-publisher.js';
import { JetStreamApi } from './jetstream-api.js';
import { KnownStreams } from './known-streams.js';
import { PublishErrors } from './publish-errors.js';
import { PullBytes } from './pull-bytes.js';
import { Replies } from './replies.js';
import { Requester } from './requester.js';
import { StreamPublisher } from './stream-publisher.js';
import { Writer } from './writer.js';

const defaultConfirmMs = 10_000;

/** All that lives as long as one connection, over its reconnects. */
export class Session {
  readonly connection: Connection;
  readonly api: JetStreamApi;
  readonly acks: Acks;
  readonly pullBytes = new PullBytes();
  readonly requester: Requester;
  readonly inboxPrefix: string | undefined;
  private readonly core: CorePublisher;
  private readonly streams: StreamPublisher;
  private readonly known: KnownStreams;
  private readonly open = new Set<Promise<readonly Outcome[]>>();

  constructor(
    nc: NatsConnection,
    readonly client: NatsClient,
    options: NatsBrokerOptions,
    readonly io: Io,
  ) {
    const { name: broker, confirmTimeoutMs: ackMs = defaultConfirmMs } = options;
    const { clock, log } = io;
    const connection = new Connection(nc, io, ackMs);
    const errors = new PublishErrors(broker);
    const writer = new Writer(connection, errors, broker, log);
    this.inboxPrefix = options.client.inboxPrefix;
    const replies = new Replies(connection, client, this.inboxPrefix);
    this.connection = connection;
    this.api = new JetStreamApi(nc, options.jetstream ?? {});
    // Before the readers: after a reconnect settlements go out before the pulls.
    this.acks = new Acks(connection, clock);
    this.known = new KnownStreams(broker, this.api, errors, io);
    this.core = new CorePublisher(connection, writer, errors);
    const parts = { connection, writer, errors, replies, known: this.known, clock };
    this.streams = new StreamPublisher({ ...parts, ackMs, api: this.api });
    this.requester = new Requester({ broker, ...parts });
    connection.listen({
      down: () => {
        this.known.forget();
      },
    });
  }

  async publish(to: NatsDestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    if (to.via === 'core' && !this.isInbox(to.subject)) void this.known.warnIfCaptured(to);
    const publishing = to.via === 'core' ? this.core.publish(to, batch) : this.streams.publish(to, batch);
    this.open.add(publishing);
    try {
      return await publishing;
    } finally {
      this.open.delete(publishing);
    }
  }

  /** Publishes under way end first, those that take too long by giving up; nobody waits for answers. */
  async close(withinMs: number): Promise<void> {
    this.requester.close();
    const late = new AbortController();
    await Promise.race([Promise.all(this.open), sleep(this.io.clock, withinMs, late.signal)]);
    late.abort();
    await this.acks.flush();
    await this.connection.close();
    await Promise.all(this.open);
  }

  /** Every answer has an inbox of its own, and no stream captures them. */
  private isInbox(subject: string): boolean {
    return subject.startsWith(`${this.inboxPrefix ?? '_INBOX'}.`) || subject.startsWith('_INBOX.');
  }
}
