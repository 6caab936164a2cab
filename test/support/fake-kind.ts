import type {
  BrokerDefinition,
  BrokerOptions,
  Destination,
  DestinationSpec,
  Driver,
  Headers,
  Incoming,
  Intake,
  DriverContext,
  Lane,
  Outcome,
  Outgoing,
  Settlement,
  Sink,
  Source,
  SourceSpec,
} from 'nestjs-multi-broker/driver';
import { MultiBrokerError } from '../../lib/errors/index.js';

declare module 'nestjs-multi-broker/driver' {
  interface BrokerKinds {
    fake: { source: Queue; destination: QueueDestination };
  }
}

/** A source of the fake kind: readers of one queue with one group share its messages. */
export interface Queue extends Source {
  readonly kind: 'fake';
  readonly queue: string;
  readonly group: string;
}

export interface QueueDestination extends Destination {
  readonly kind: 'fake';
  readonly queue: string;
}

export const queue = (name: string, group = ''): Queue => ({ kind: 'fake', queue: name, group });
export const toQueue = (name: string): QueueDestination => ({ kind: 'fake', queue: name });

interface FakeSpec extends SourceSpec {
  readonly group: string;
}

export interface FakeOptions extends BrokerOptions {
  /** What the brokers of a test have in common, and what the test looks into. */
  readonly server?: FakeServer;
  /** What `problems()` says. */
  readonly wrong?: readonly string[];
}

/** The smallest messaging system: queues in memory, no memory of what nobody reads, every failure is told. */
export class FakeServer {
  /** In the order in which they happened: `connect a`, `subscribe a q`, `quiet a`, `close a` … */
  readonly events: string[] = [];
  readonly published: { broker: string; queue: string; body: string | null; key?: string; headers: Headers }[] = [];
  readonly settled: { broker: string; queue: string; how: Settlement }[] = [];
  /** Names of brokers that do not connect. */
  readonly down = new Set<string>();
  readonly #lanes = new Map<string, { lane: FakeLane; sink: Sink }[]>();
  #position = 0;

  join(address: string, lane: FakeLane, sink: Sink): () => void {
    const reader = { lane, sink };
    const readers = this.#lanes.get(address) ?? [];
    this.#lanes.set(address, [...readers, reader]);
    sink.opened(lane);
    return () => {
      this.#lanes.set(
        address,
        (this.#lanes.get(address) ?? []).filter((other) => other !== reader),
      );
    };
  }

  write(broker: string, address: string, message: Outgoing): Outcome {
    const { body, key, headers = {} } = message;
    const text = body === null ? null : Buffer.from(body).toString();
    this.published.push({
      broker,
      queue: address,
      body: text,
      headers,
      ...(key !== undefined && { key: String(key) }),
    });
    const position = `${address}@${String(++this.#position)}`;
    setImmediate(() => this.#deliver(address, { ...message, position }));
    return { receipt: { position } };
  }

  #deliver(address: string, message: Outgoing & { position: string }): void {
    const incoming: Incoming = {
      body: message.body,
      key: message.key === undefined ? undefined : Buffer.from(message.key as Uint8Array).toString(),
      rawKey: message.key === undefined ? undefined : Buffer.from(message.key as Uint8Array),
      headers: () => ({ ...message.headers }),
      address,
      timestamp: 0,
      raw: message,
      position: message.position,
      deliveryCount: 1,
    };
    for (const { lane, sink } of this.#lanes.get(address) ?? []) {
      if (!lane.lost.aborted) void sink.take(lane, [incoming]);
    }
  }
}

class FakeLane implements Lane {
  readonly redelivery = 'none';
  readonly backpressure = false;
  readonly name: string;

  constructor(
    readonly source: SourceSpec,
    readonly lost: AbortSignal,
    private readonly settled: (how: Settlement) => void,
  ) {
    this.name = source.name;
  }

  settle(_message: Incoming, how: Settlement): void {
    if (!this.lost.aborted) this.settled(how);
  }
}

class FakeDriver implements Driver {
  constructor(
    private readonly name: string,
    private readonly server: FakeServer,
  ) {}

  async connect(_io: DriverContext): Promise<void> {
    this.server.events.push(`connect ${this.name}`);
    if (this.server.down.has(this.name)) throw new Error(`${this.name} is down`);
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink): Promise<Intake> {
    const lost = new AbortController();
    const leave = sources.map((source) => {
      this.server.events.push(`subscribe ${this.name} ${source.address}`);
      const settled = (how: Settlement): void => {
        this.server.settled.push({ broker: this.name, queue: source.address, how });
      };
      return this.server.join(source.address, new FakeLane(source, lost.signal, settled), sink);
    });
    return {
      stopFetching: async () => {
        this.server.events.push(`quiet ${this.name}`);
        for (const one of leave) one();
      },
      flush: async () => {},
      close: async () => lost.abort(),
    };
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    return batch.map((message) => this.server.write(this.name, to.address, message));
  }

  async close(): Promise<void> {
    this.server.events.push(`close ${this.name}`);
  }

  native(): unknown {
    return this.server;
  }
}

/** A broker of the fake kind: what a third party has to write. */
export function fakeBroker(options: FakeOptions): BrokerDefinition<'fake'> {
  const server = options.server ?? new FakeServer();
  const open = async (): Promise<Driver> => new FakeDriver(options.name, server);
  const address = (name: string): string => options.addresses?.[name] ?? name;
  return {
    name: options.name,
    kind: 'fake',
    options,
    critical: options.critical,
    problems: () => options.wrong ?? [],
    source(from): FakeSpec {
      const { queue: name, group } = typeof from === 'string' ? queue(from) : own<Queue>(from);
      return { kind: 'fake', name: `queue ${name}`, address: address(name), durable: false, group };
    },
    destination(to): DestinationSpec {
      const name = typeof to === 'string' ? to : own<QueueDestination>(to).queue;
      return { kind: 'fake', name: `queue ${name}`, address: address(name), dedupes: false };
    },
    clash(one, other) {
      const same = one.address === other.address && (one as FakeSpec).group === (other as FakeSpec).group;
      return same && (one as FakeSpec).group !== '' ? `both read in group ${(one as FakeSpec).group}` : undefined;
    },
    driver: open,
    twin: open,
  };
}

function own<T extends Source>(given: Source): T {
  if (given.kind === 'fake') return given as T;
  throw new MultiBrokerError('MULTI_BROKER_WRONG_KIND', `A ${given.kind} object is given to a fake broker`);
}
