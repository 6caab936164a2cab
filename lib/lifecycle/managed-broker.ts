import { calledForEach, TurnBudget } from '../async/index.js';
import { auto } from '../codec/index.js';
import {
  backlogIssues,
  type Binding,
  type Counts,
  type DeliveryHost,
  Encodings,
  followHandled,
  handlersOf,
  HealthIssues,
  observersOf,
  Outbox,
  type Outlet,
} from '../delivery/index.js';
import {
  type BatchHandler,
  Broker,
  type BrokerDefinition,
  type BrokerHealth,
  type BrokerMessage,
  type Delivery,
  type Destination,
  type DestinationSpec,
  type Driver,
  type MessageHandler,
  type MessagesOptions,
  type Outgoing,
  type PublishOptions,
  type PublishReceipt,
  type RequestOptions,
  type ServerAddress,
  type Source,
  type SubscribeOptions,
  type Subscription,
} from '../driver/index.js';
import { errorOf, requireDuration } from '../errors/index.js';
import { bindingOf, type HandlerDeclaration } from '../handlers/index.js';
import type { ActiveSource } from './active-source.js';
import { ActiveSources } from './active-sources.js';
import { Connection } from './connection.js';
import { lostLetters, refuseBadDeadLetter } from './dead-letter-check.js';
import { DynamicSubscriptions } from './dynamic-subscriptions.js';
import {
  abandonItems,
  Destinations,
  encodedOrAbandoned,
  filled,
  refuseSharedDedupeId,
  requireList,
  subscribedLine,
} from './encode-publish.js';
import { countingApart, HandlerStates } from './handler-states.js';
import { healthOf } from './health.js';
import { checkMessagesOptions, PulledMessages, type PulledSource } from './pulled-messages.js';
import { requestCodec, sendRequest } from './request.js';
import type { BrokerHost } from './runtime.js';

/** A handler that is subscribed by code. */
type DynamicHandler = Pick<HandlerDeclaration, 'handler' | 'source' | 'options' | 'call'>;

/** One call at a time, over all lanes. */
const ONE_BY_ONE = { perLane: 1, total: 1 };

const PULLED = { handler: 'messages()', call: (): void => undefined };

/** The implementation of {@link Broker}: publishes through its outbox, reads through its active sources. */
export class ManagedBroker extends Broker {
  readonly name: string;
  readonly kind: string;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly activeSources: ActiveSources;
  readonly dynamicSubscriptions: DynamicSubscriptions;
  /** Settings and services of its handlers' deliveries. */
  readonly delivery: DeliveryHost;
  /** Publishes the results of other brokers' handlers. */
  readonly outlet: Outlet;
  private readonly healthIssues: HealthIssues;
  private readonly rejections: HealthIssues;
  readonly handlerStates = new HandlerStates();
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
    this.healthIssues = new HealthIssues(host.io.clock);
    this.rejections = new HealthIssues(host.io.clock);
    this.connection = new Connection({ ...host, definition });
    const { clock, log } = host.io;
    const { drivers: application } = host;
    const driver = (): Driver | undefined => this.connection.driver;
    this.outbox = new Outbox({ broker: this.name, kind: this.kind, application, clock, log, driver });
    this.outlet = {
      codec: this.codec,
      encodings: this.encodings,
      hooks: host.hooks,
      resolve: this.destinations.resolve,
      at: this.destinations.at,
      send: this.outbox.send,
    };
    this.delivery = countingApart((counts) => this.deliveryHost(counts), this.handlerStates);
    this.activeSources = new ActiveSources(definition, host, this.delivery, this.handlerStates);
    this.dynamicSubscriptions = new DynamicSubscriptions(this.activeSources);
  }

  /** Whether a publish or a delivery is under way. */
  get busy(): boolean {
    const { encodings, outbox, handlerStates, activeSources } = this;
    return encodings.running > 0 || outbox.pending > 0 || handlerStates.running > 0 || activeSources.taken > 0;
  }

  /**
   * Number of operations in progress: running handlers, publishes being written, connections and subscriptions that are
   * starting. What waits for the clock or for a manual settlement does not count.
   */
  get moving(): number {
    const writing = this.encodings.running + this.outbox.moving;
    return writing + this.activeSources.moving + (this.connection.isOpening ? 1 : 0);
  }

  /** No async function, which would make two further promises for each message. */
  publish(to: string | Destination, payload: unknown, options?: PublishOptions): Promise<PublishReceipt> {
    try {
      const spec = filled(this.destinations.resolve(to), payload, options);
      const encoded = this.encoded(spec, payload, options);
      if (encoded instanceof Promise || this.connection.driver === undefined) return this.publishLater(spec, encoded);
      return this.outbox.confirmed(spec, encoded);
    } catch (thrown) {
      return rejected(thrown);
    }
  }

  private async publishLater(to: DestinationSpec, encoded: Outgoing | Promise<Outgoing>): Promise<PublishReceipt> {
    const message = await encoded;
    if (this.connection.driver === undefined) await this.connected();
    return this.outbox.confirmed(to, message);
  }

  async publishBatch(
    to: string | Destination,
    items: readonly unknown[],
    options?: PublishOptions,
  ): Promise<readonly PublishReceipt[]> {
    requireList(this.name, items);
    refuseSharedDedupeId(this.name, items, options);
    const spec = this.destinations.resolve(to);
    const specs = items.map((item) => filled(spec, item, options));
    const made = together(this.encodedEach(items, specs, options));
    const messages = made instanceof Promise ? await made : made;
    if (this.connection.driver === undefined) await this.connected();
    const outcomes = await Promise.all(
      messages.map((message, place) => this.outbox.publish(specs[place] ?? spec, message)),
    );
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
    requireDuration(timeoutMs, 'request(): timeoutMs', 'forRequest', { broker: this.name });
    const spec: DestinationSpec = filled(this.destinations.resolve(to), payload, options);
    const codec = options.codec ?? this.codec;
    const encoded = this.encoded(spec, payload, { ...options, codec: requestCodec(codec, spec) });
    const message = encoded instanceof Promise ? await encoded : encoded;
    const driver = this.connection.driver ?? (await this.connected());
    const { io, drivers: application } = this.host;
    const by = { broker: this.name, kind: this.kind, application, clock: io.clock, codec };
    return sendRequest<R>(driver, spec, message, { ...by, timeoutMs });
  }

  async subscribe<T>(
    source: string | Source,
    handler: MessageHandler<T> | BatchHandler<T>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    followHandled(this.host.drivers);
    const inHandler = this.host.drivers.handling?.() !== undefined;
    const active = await this.begin({
      handler: handler.name || 'subscribe()',
      source,
      options,
      // With `batch` the context is that of a batch.
      call: (context) => (handler as MessageHandler)(context.message.payload, context),
    });
    return this.dynamicSubscriptions.of(active, !inHandler);
  }

  messages<T>(source: string | Source, { signal, ...options }: MessagesOptions = {}): AsyncIterable<Delivery<T>> {
    const { definition, activeSources } = this;
    checkMessagesOptions(options, definition.sourceOptions?.names ?? [], this.name);
    const alone = { ...options, ack: options.ack ?? 'nack-on-error' } as const;
    const { durable } = bindingOf(definition, this.declared({ ...PULLED, source, options: alone })).source;
    const one = { ...alone, concurrency: durable ? ONE_BY_ONE : { ...ONE_BY_ONE, requests: 1 } };
    const pulled: PulledSource = {
      keeps: durable,
      begin: (call, begun, cut) => this.begin({ ...PULLED, source, options: one, call }, begun, cut),
      stop: (active) => activeSources.stop(active),
    };
    return { [Symbol.asyncIterator]: () => new PulledMessages<T>(pulled, signal) };
  }

  private declared(dynamic: DynamicHandler): HandlerDeclaration {
    return { ...dynamic, broker: this.name, publishTo: [], problems: [] };
  }

  /** Subscribes a function. @param begun called before anything is read */
  private async begin(
    dynamic: DynamicHandler,
    begun?: (active: ActiveSource) => void,
    cut?: AbortSignal,
  ): Promise<ActiveSource> {
    const binding = bindingOf(this.definition, this.host.drivers.watch(this.declared(dynamic)));
    refuseBadDeadLetter(binding, this.definition, this.host.outlet);
    this.activeSources.refuseClash(binding);
    this.warnOfLostLetters(binding);
    if (this.connection.driver === undefined) await this.connected();
    this.host.refuseReading();
    return this.host.onDemand((signal) => {
      // Checked again: another subscription may have started while both waited for the connection.
      this.activeSources.refuseClash(binding);
      const either = cut === undefined ? signal : AbortSignal.any([signal, cut]);
      return this.activeSources.start(this.connection.driver, [binding], either, begun);
    });
  }

  /** Publishes a message byte for byte, once. False: it is not confirmed. */
  async republish(to: DestinationSpec, message: Outgoing): Promise<boolean> {
    if (this.connection.driver === undefined) await this.connected();
    const outcome = await this.outbox.publish(to, message);
    if (!('error' in outcome)) return true;
    this.host.io.log.warn(`A dead letter was not published to ${to.name} again: ${outcome.error.message}`);
    return false;
  }

  /** Subscribes the bindings, if any. During a start no handler is called until the last source reads. */
  async read(bindings: readonly Binding[], signal: AbortSignal): Promise<void> {
    const { driver } = this.connection;
    if (bindings.length === 0) return;
    if (this.host.isStarting()) await this.activeSources.startHeld(driver, bindings, signal);
    else await this.activeSources.start(driver, bindings, signal);
    for (const binding of bindings.flatMap(handlersOf)) {
      this.host.io.log.info(subscribedLine(binding, this.host.outlet));
      this.warnOfLostLetters(binding);
    }
  }

  private warnOfLostLetters(binding: Binding): void {
    const warning = lostLetters(binding, this.host.outlet);
    if (warning !== undefined) this.host.io.log.warn(warning);
  }

  /** Restores the explicit subscriptions that stopped reading, if the broker is connected. */
  async restoreDynamicSubscriptions(signal: AbortSignal): Promise<void> {
    const { driver } = this.connection;
    if (driver !== undefined) await this.dynamicSubscriptions.restore(driver, signal);
  }

  health(): BrokerHealth {
    const { healthIssues, notes, taken } = this.activeSources;
    const backlog = backlogIssues(this.outbox.backlogs());
    const standing = [
      ...healthIssues,
      ...backlog,
      ...this.dynamicSubscriptions.issues(),
      ...this.host.issuesOf(this.name),
    ];
    const issues = [...this.healthIssues.list(), ...standing];
    const counts = { ...this.handlerStates.counts(), unsettled: taken };
    return healthOf(this, this.connection, { issues, notes: [...notes, ...this.rejections.list()], counts });
  }

  get server(): ServerAddress | undefined {
    return this.connection.driver?.connectedTo?.();
  }

  native(): unknown {
    if (this.connection.driver !== undefined) return this.connection.driver.native();
    throw errorOf('MULTI_BROKER_NOT_CONNECTED.native', { broker: this.name });
  }

  /** Keeps the order of the calls, even if a codec returns a promise. */
  private encoded(to: DestinationSpec, given: unknown, options?: PublishOptions): Outgoing | Promise<Outgoing> {
    const { drivers, hooks, maxHops } = this.host;
    const by = { broker: this.name, codec: this.codec, to, hooks, maxHops, origin: drivers.handling?.() };
    return this.encodings.inOrder(this, encodedOrAbandoned(by, given, options));
  }

  private encodedEach(
    items: readonly unknown[],
    specs: readonly DestinationSpec[],
    options?: PublishOptions,
  ): (Outgoing | Promise<Outgoing>)[] {
    try {
      return calledForEach(items, (item, place) => this.encoded(specs[place] as DestinationSpec, item, options));
    } catch (thrown) {
      abandonItems(items);
      throw thrown;
    }
  }

  private get codec(): Outlet['codec'] {
    return this.definition.options.codec ?? auto;
  }

  /** Connects on demand, since modules that start earlier may publish in their own hooks. */
  async connected(): Promise<Driver> {
    const { connection, definition } = this;
    if (connection.driver !== undefined) return connection.driver;
    return this.host.onDemand((signal) =>
      definition.critical === false ? connection.connect(signal) : connection.connectInTime(signal),
    );
  }

  private deliveryHost(counts: Counts): DeliveryHost {
    const { io, maxHops } = this.host;
    return {
      broker: this,
      clock: io.clock,
      log: io.log,
      turns: new TurnBudget(),
      counts,
      healthIssues: this.healthIssues,
      rejections: this.rejections,
      application: this.host.drivers,
      observers: observersOf(this.host.drivers),
      retriesAtOnce: this.host.drivers.retriesAtOnce,
      maxHops,
      outlet: this.host.outlet,
    };
  }
}

/** Whatever was thrown, which need not be an Error. */
async function rejected(thrown: unknown): Promise<never> {
  throw thrown;
}

/** Synchronous unless a codec returned a promise, so that later publishes cannot overtake these. */
function together(made: readonly (Outgoing | Promise<Outgoing>)[]): readonly Outgoing[] | Promise<readonly Outgoing[]> {
  const later = made.some((one) => one instanceof Promise);
  return later ? Promise.all(made.map(async (one) => one)) : (made as readonly Outgoing[]);
}
