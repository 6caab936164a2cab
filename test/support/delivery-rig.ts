import { auto } from '../../lib/codec/index.js';
import { TurnBudget } from '../../lib/async/index.js';
import {
  HealthIssues,
  type Binding,
  type DeliveryHost,
  DeliverySink,
  Encodings,
  Outbox,
  type Outlet,
  observersOf,
} from '../../lib/delivery/index.js';
import type { DeliveryContext, HandlerResult } from '../../lib/delivery/index.js';
import { Broker, type Destination, type DestinationSpec, type Incoming, type Logger } from '../../lib/driver/index.js';
import { MultiBrokerError } from '../../lib/errors/index.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { FakeDriver } from './fake-driver.js';
import { aSource, FakeLane, type LaneFields } from './fake-lane.js';

/** Keeps what was logged, `level message`. */
export class MemoryLog implements Logger {
  readonly lines: string[] = [];
  readonly debug = (message: string): void => this.add('debug', message);
  readonly info = (message: string): void => this.add('info', message);
  readonly warn = (message: string): void => this.add('warn', message);
  readonly error = (message: string): void => this.add('error', message);

  private add(level: string, message: string): void {
    this.lines.push(`${level} ${message}`);
  }
}

export interface RigOptions {
  readonly binding?: Partial<Omit<Binding, 'handle'>>;
  readonly lane?: LaneFields;
  /** Gets the body as a text. */
  readonly handle?: (body: string, context: DeliveryContext) => HandlerResult | Promise<HandlerResult>;
  readonly maxHops?: number;
  readonly retriesAtOnce?: boolean;
  readonly turns?: TurnBudget;
}

/** A destination of the fakes: `!x` is none; `x dedupes` takes a second message of one id for the first. */
export function destination(to: string | Destination): DestinationSpec {
  const address = typeof to === 'string' ? to : to.kind;
  if (address.startsWith('!')) throw new MultiBrokerError('MULTI_BROKER_ADDRESS_INVALID', `'${address}' is no queue`);
  return { kind: 'fake', name: `queue ${address}`, address, dedupes: address.endsWith('dedupes') };
}

/** Delivery from one lane to one handler, everything else a fake: brokers `in` (the source's), `out` and `other`. */
export class Rig {
  readonly clock = new VirtualClock(1_000_000);
  readonly log = new MemoryLog();
  readonly healthIssues = new HealthIssues(this.clock);
  readonly rejections = new HealthIssues(this.clock);
  readonly counts = {
    running: 0,
    handled: 0,
    failed: 0,
    rejected: 0,
    deadLettered: 0,
    dropped: 0,
    unpublished: 0,
    unmatched: 0,
  };
  readonly drivers = { in: new FakeDriver('in'), out: new FakeDriver('out'), other: new FakeDriver('other') };
  readonly outboxes = new Map<string, Outbox>();
  /** Bodies in the order in which their handler was called; attempts in `contexts`. */
  readonly calls: string[] = [];
  readonly contexts: DeliveryContext[] = [];
  readonly binding: Binding;
  readonly host: DeliveryHost;
  readonly sink: DeliverySink;
  readonly lane: FakeLane;

  constructor({
    binding = {},
    lane = {},
    handle = () => undefined,
    maxHops = 16,
    retriesAtOnce = false,
    turns = new TurnBudget(),
  }: RigOptions = {}) {
    this.binding = {
      handler: 'Orders.on',
      broker: 'in',
      source: aSource,
      ack: 'nack-on-error',
      retry: { attempts: 3, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 },
      routes: [],
      targets: [],
      ...binding,
      handle: (context) => {
        const body = String(Buffer.from(context.body ?? []));
        this.calls.push(body);
        this.contexts.push(context);
        return handle(body, context);
      },
    };
    const outlets = new Map(Object.entries(this.drivers).map(([name, driver]) => [name, this.outlet(name, driver)]));
    this.host = {
      broker: Object.create(Broker.prototype, { name: { value: 'in' } }) as Broker,
      clock: this.clock,
      log: this.log,
      turns,
      counts: this.counts,
      healthIssues: this.healthIssues,
      rejections: this.rejections,
      application: this,
      observers: observersOf(this),
      retriesAtOnce,
      maxHops: () => maxHops,
      outlet: (name) => outlets.get(name),
    };
    this.sink = new DeliverySink([this.binding], this.host);
    this.lane = this.open(lane);
  }

  /** A further lane of the same source. */
  open(fields: LaneFields = {}): FakeLane {
    const lane = new FakeLane(fields);
    this.sink.opened(lane);
    return lane;
  }

  take(...batch: readonly Incoming[]): void | Promise<void> {
    return this.sink.take(this.lane, batch);
  }

  private outlet(name: string, driver: FakeDriver): Outlet {
    const outbox = new Outbox({ broker: name, kind: 'fake', clock: this.clock, log: this.log, driver: () => driver });
    this.outboxes.set(name, outbox);
    return {
      codec: auto,
      encodings: new Encodings(),
      resolve: destination,
      at: destination,
      send: (to, pending) => outbox.send(to, pending),
    };
  }
}

/** A promise that the test settles. */
export function open<T = void>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
