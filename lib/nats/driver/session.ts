import { InProgress, sleep } from '../../async/index.js';
import type { DriverContext, Outcome, Outgoing } from '../../driver/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { NatsBrokerOptions } from '../options.js';
import { Acks } from './jetstream/acks.js';
import type { ClientConnection, NatsClient } from './connection/client-port.js';
import { Connection } from './connection/connection.js';
import { CorePublisher } from './core/core-publisher.js';
import { IngestPauses } from './jetstream/ingest/ingest-pauses.js';
import { JetStreamApi } from './jetstream/jetstream-api.js';
import { StreamLookup } from './jetstream/stream-lookup.js';
import { PingWatch } from './connection/ping-watch.js';
import { PublishErrors } from './connection/publish-errors.js';
import { PullBytes } from './jetstream/puller.js';
import { Inbox } from './connection/inbox.js';
import { Requester } from './core/requester.js';
import { SubscriptionLimit } from './connection/subscription-limit.js';
import { StreamPublisher } from './jetstream/stream-publisher.js';
import { WireWriter } from './connection/wire-writer.js';

const DEFAULT_CONFIRM_MS = 10_000;

/** Never rejects: a publish that fails is an outcome. */
interface Publishing {
  readonly to: NatsDestinationSpec;
  readonly outcomes: Promise<readonly Outcome[]>;
}

/** Everything that lives as long as one connection, over its reconnects. */
export class Session {
  readonly connection: Connection;
  readonly api: JetStreamApi;
  readonly acks: Acks;
  readonly pullBytes = new PullBytes();
  readonly requester: Requester;
  readonly subscriptionLimit: SubscriptionLimit;
  readonly inboxPrefix: string | undefined;
  private readonly core: CorePublisher;
  private readonly streams: StreamPublisher;
  private readonly lookup: StreamLookup;
  private readonly pings: PingWatch;
  /** Publishes under way. */
  private readonly open = new InProgress<Publishing>();

  constructor(
    nc: ClientConnection,
    readonly client: NatsClient,
    options: NatsBrokerOptions,
    readonly io: DriverContext,
  ) {
    const { name: broker, confirmTimeoutMs: ackMs = DEFAULT_CONFIRM_MS } = options;
    const { clock, log } = io;
    const connection = new Connection(nc, client, io, ackMs);
    const errors = new PublishErrors(broker);
    const writer = new WireWriter(connection, client, errors, broker, log);
    this.inboxPrefix = options.client.inboxPrefix;
    const inbox = new Inbox(connection, client, this.inboxPrefix);
    this.connection = connection;
    this.subscriptionLimit = new SubscriptionLimit(connection);
    this.pings = new PingWatch(connection, clock);
    this.api = new JetStreamApi(client, nc, options.jetstream ?? {});
    // Registered before the readers: after a reconnect settlements are sent before pulls.
    this.acks = new Acks(connection, clock, client.wire(nc));
    this.lookup = new StreamLookup(broker, this.api, errors, io);
    this.core = new CorePublisher(connection, writer, errors);
    const parts = { connection, writer, errors, inbox, lookup: this.lookup, clock };
    this.streams = new StreamPublisher({ ...parts, ackMs, api: this.api, pauses: new IngestPauses(broker, io) });
    this.requester = new Requester({ broker, ...parts });
    connection.listen({
      down: () => this.lookup.forget(),
    });
  }

  async publish(
    to: NatsDestinationSpec,
    batch: readonly Outgoing[],
    written?: () => void,
  ): Promise<readonly Outcome[]> {
    if (to.via === 'core' && !this.isInbox(to.subject)) void this.lookup.warnIfCaptured(to);
    const by = to.via === 'core' ? this.core : this.streams;
    const outcomes = by.publish(to, batch, written);
    const publishing = { to, outcomes };
    this.open.add(publishing);
    try {
      return await outcomes;
    } finally {
      this.open.delete(publishing);
    }
  }

  /** Where the server does not answer, a sentence for health. */
  silence(sources: readonly string[]): string | undefined {
    const { issue } = this.pings;
    if (issue === undefined) return undefined;
    const read = sources.length === 0 ? '' : `; not read meanwhile: ${sources.join(', ')}`;
    const names = new Set([...this.open].map(({ to }) => to.name));
    return `${issue}${read}${names.size === 0 ? '' : `; publishes wait to: ${[...names].join(', ')}`}`;
  }

  /** Waits for publishes in progress, up to `withinMs`; open requests fail at once. */
  async close(withinMs: number): Promise<void> {
    this.requester.close();
    this.pings.close();
    const late = new AbortController();
    await Promise.race([this.published(), sleep(this.io.clock, withinMs, late.signal)]);
    late.abort();
    await this.acks.flush();
    await this.connection.close();
    await this.published();
  }

  private async published(): Promise<void> {
    await Promise.all([...this.open].map(({ outcomes }) => outcomes));
  }

  /** Every reply goes to a different inbox, and no stream captures those. */
  private isInbox(subject: string): boolean {
    return subject.startsWith(`${this.inboxPrefix ?? '_INBOX'}.`) || subject.startsWith('_INBOX.');
  }
}
