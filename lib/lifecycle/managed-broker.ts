import { auto } from '../codec/index.js';
import {
  Ailments,
  backlogIssues,
  type Binding,
  type Counts,
  type DeliveryHost,
  Encodings,
  followHandled,
  Outbox,
  type Outlet,
  Turns,
} from '../delivery/index.js';
import {
  Broker,
  type BrokerDefinition,
  type BrokerHealth,
  type BrokerMessage,
  type Destination,
  type DestinationSpec,
  type Driver,
  type MessageHandler,
  type Outgoing,
  type PublishOptions,
  type PublishReceipt,
  type RequestOptions,
  type Source,
  type SubscribeOptions,
  type Subscription,
} from '../driver/index.js';
import { MultiBrokerError, requireDuration } from '../errors/index.js';
import { bindingOf } from '../handlers/index.js';
import { Connection } from './connection.js';
import type { BrokerHost } from './broker-host.js';
import { Destinations } from './destinations.js';
import { encodeByHand } from './encode-by-hand.js';
import { healthOf } from './health.js';
import { Readings } from './readings.js';
import { ask, requestCodec } from './request.js';
import { subscribedLine } from './subscribed-line.js';
import { HandSubscriptions } from './subscription.js';

/** The broker that users get: publishes through its outbox, reads through its readings. */
export class ManagedBroker extends Broker {
  readonly name: string;
  readonly kind: string;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly readings: Readings;
  readonly byHand: HandSubscriptions;
  /** The way out for results of other brokers' handlers. */
  readonly outlet: Outlet;
  private readonly ailments: Ailments;
  private readonly rejections: Ailments;
  private readonly counts: Counts = {
    running: 0,
    handled: 0,
    failed: 0,
    rejected: 0,
    dropped: 0,
    unpublished: 0,
  };
  private readonly destinations: Destinations;
  private readonly encodings = new Encodings();

  constructor(
    readonly definition: BrokerDefinition,
    private readonly host: BrokerHost,
  ) {
    super();
    this.name = definition.name;
    this.kind = definition.kind;
    this.destinations = new Destinations(definition);
    this.ailments = new Ailments(host.io.clock);
    this.rejections = new Ailments(host.io.clock);
    this.connection = new Connection({ ...host, definition });
    const { clock, log } = host.io;
    this.outbox = new Outbox({ broker: this.name, clock, log, driver: () => this.connection.driver });
    this.outlet = {
      codec: this.codec,
      encodings: this.encodings,
      hooks: host.hooks,
      resolve: (to) => this.destinations.resolve(to),
      send: (to, parcel) => {
        this.outbox.send(to, parcel);
      },
    };
    this.readings = new Readings(definition, host, this.deliveryHost());
    this.byHand = new HandSubscriptions(this.readings);
  }

  /** Whether a publish or a delivery is under way. */
  get busy(): boolean {
    return this.encodings.running > 0 || this.outbox.pending > 0 || this.counts.running > 0 || this.readings.taken > 0;
  }

  /**
   * What goes on by itself now, counted: a handler that runs, a publish that is being written, a connection or a
   * source that begins. What waits for the clock, or to be settled by hand, does not.
   */
  get moving(): number {
    const writing = this.encodings.running + this.outbox.moving;
    return writing + this.readings.moving + (this.connection.isOpening ? 1 : 0);
  }

  async publish(to: string | Destination, payload: unknown, options?: PublishOptions): Promise<PublishReceipt> {
    const spec = this.destinations.resolve(to);
    const encoded = this.encoded(spec, payload, options);
    const message = encoded instanceof Promise ? await encoded : encoded;
    if (this.connection.driver === undefined) await this.connected();
    const outcome = await this.outbox.publish(spec, message);
    if ('error' in outcome) throw outcome.error;
    return outcome.receipt;
  }

  async publishBatch(
    to: string | Destination,
    items: readonly unknown[],
    options?: PublishOptions,
  ): Promise<readonly PublishReceipt[]> {
    const spec = this.destinations.resolve(to);
    const encoded = items.map((item) => this.encoded(spec, item, options));
    const made = together(encoded);
    const messages = made instanceof Promise ? await made : made;
    if (this.connection.driver === undefined) await this.connected();
    const outcomes = await Promise.all(messages.map((message) => this.outbox.publish(spec, message)));
    return outcomes.map((outcome) => {
      if ('error' in outcome) throw outcome.error;
      return outcome.receipt;
    });
  }

  async request<R>(
    to: string | Destination,
    payload: unknown,
    options: RequestOptions = {},
  ): Promise<BrokerMessage<R>> {
    const { timeoutMs = 5_000 } = options;
    const remedy = 'leave it out for 5,000, or give the longest time that the answer may take';
    requireDuration(timeoutMs, 'request(): timeoutMs', remedy, { broker: this.name });
    const spec: DestinationSpec = this.destinations.resolve(to);
    const codec = options.codec ?? this.codec;
    const encoded = this.encoded(spec, payload, { ...options, codec: requestCodec(codec, spec) });
    const message = encoded instanceof Promise ? await encoded : encoded;
    const driver = this.connection.driver ?? (await this.connected());
    const { clock } = this.host.io;
    const by = { broker: this.name, kind: this.kind, clock, codec };
    return ask<R>(driver, spec, message, { ...by, timeoutMs });
  }

  async subscribe<T>(
    source: string | Source,
    handler: MessageHandler<T>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    followHandled();
    const inHandler = this.host.drivers.handling?.() !== undefined;
    const declaration = this.host.drivers.watch({
      handler: handler.name || 'subscribe()',
      broker: this.name,
      source,
      options,
      publishTo: [],
      problems: [],
      call: (context) => handler(context.message.payload as T, context),
    });
    const binding = bindingOf(this.definition, declaration);
    this.readings.refuseClash(binding);
    if (this.connection.driver === undefined) await this.connected();
    this.host.refuseReading();
    const reading = await this.host.onDemand((signal) => {
      // Another one may have begun while both waited for the connection.
      this.readings.refuseClash(binding);
      return this.readings.begin(this.connection.driver, [binding], signal);
    });
    return this.byHand.of(reading, !inHandler);
  }

  /** Begins to read, where there is something to read. While brokers start, handlers wait for the last source. */
  async read(bindings: readonly Binding[], signal: AbortSignal): Promise<void> {
    const { driver } = this.connection;
    if (bindings.length === 0) return;
    if (this.host.isStarting()) await this.readings.beginHeld(driver, bindings, signal);
    else await this.readings.begin(driver, bindings, signal);
    const outlet = (name: string): Outlet | undefined => this.host.outlet(name);
    for (const binding of bindings) this.host.io.log.info(subscribedLine(binding, outlet));
  }

  /** Where there is a connection: what was subscribed by hand and does not read any more. */
  async readByHandAgain(signal: AbortSignal): Promise<void> {
    const { driver } = this.connection;
    if (driver !== undefined) await this.byHand.beginAgain(driver, signal);
  }

  health(): BrokerHealth {
    const { healthIssues, notes, taken } = this.readings;
    const backlog = backlogIssues(this.outbox.backlogs());
    const standing = [...healthIssues, ...backlog, ...this.byHand.issues(), ...this.host.issuesOf(this.name)];
    const issues = [...this.ailments.list(), ...standing];
    const counts = { ...this.counts, unsettled: taken };
    return healthOf(this, this.connection, { issues, notes: [...notes, ...this.rejections.list()], counts });
  }

  native(): unknown {
    if (this.connection.driver !== undefined) return this.connection.driver.native();
    const what = `Broker '${this.name}' is not connected, so it has no client yet`;
    throw new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', what, { broker: this.name });
  }

  /** In the order of the calls, also where a codec gives a promise. */
  private encoded(to: DestinationSpec, given: unknown, options?: PublishOptions): Outgoing | Promise<Outgoing> {
    const { drivers, hooks, maxHops } = this.host;
    const by = { broker: this.name, codec: this.codec, to, hooks, maxHops, origin: drivers.handling?.() };
    return this.encodings.inOrder(this, encodeByHand(by, given, options));
  }

  private get codec(): Outlet['codec'] {
    return this.definition.options.codec ?? auto;
  }

  /** Before the start a broker connects on demand: a module that comes earlier may publish from its own hooks. */
  private connected(): Promise<Driver> {
    const { connection, definition } = this;
    return this.host.onDemand((signal) =>
      definition.critical === false ? connection.connect(signal) : connection.connectInTime(signal),
    );
  }

  private deliveryHost(): DeliveryHost {
    const { io, maxHops } = this.host;
    return {
      broker: this,
      clock: io.clock,
      log: io.log,
      turns: new Turns(),
      counts: this.counts,
      ailments: this.ailments,
      rejections: this.rejections,
      observer: this.host.drivers.observer,
      get maxHops() {
        return maxHops();
      },
      outlet: (name) => this.host.outlet(name),
    };
  }
}

/** At once where no codec gave a promise, so that nothing overtakes. */
function together(made: readonly (Outgoing | Promise<Outgoing>)[]): readonly Outgoing[] | Promise<readonly Outgoing[]> {
  const later = made.some((one) => one instanceof Promise);
  return later ? Promise.all(made.map(async (one) => one)) : (made as readonly Outgoing[]);
}
