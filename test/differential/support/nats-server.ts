import { connect, type JetStreamManager, type NatsConnection } from 'nats';

import type { Driver, Outcome, Outgoing } from '../../../lib/driver/index.js';
import { systemClock } from '../../../lib/async/index.js';
import { natsBroker, type toStream } from '../../../lib/nats/index.js';
import { type Proxy, realBrokers, startProxy } from '../../support/real-brokers.js';
import { type Mortal, sharing } from './world.js';
import { natsLibrary } from '../../support/nats-library.js';

const nothing = (): void => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The real server, as all scenarios of a run use it: one administrator and one publisher. */
export class NatsServer {
  readonly definition = natsBroker({ name: 'nats', library: natsLibrary, client: { servers: realBrokers().nats } });
  readonly #proxies: Proxy[] = [];

  private constructor(
    private readonly connection: NatsConnection,
    readonly manager: JetStreamManager,
    private readonly publisher: Driver,
  ) {}

  static async connect(): Promise<NatsServer> {
    const connection = await connect({ servers: realBrokers().nats });
    const publisher = await natsBroker({
      name: 'publisher',
      library: natsLibrary,
      client: { servers: realBrokers().nats },
    }).driver();
    const io = { broker: 'publisher', clock: systemClock, log: silent, state: nothing, shared: sharing() };
    await publisher.connect(io, new AbortController().signal);
    return new NatsServer(connection, await connection.jetstreamManager(), publisher);
  }

  async publish(to: ReturnType<typeof toStream>, message: Outgoing): Promise<Outcome> {
    const [outcome] = await this.publisher.publish(this.definition.destination(to), [message]);
    return outcome!;
  }

  /** A driver whose way to the server can be cut for good. */
  async mortal(): Promise<Mortal> {
    const proxy = await startProxy(Number(new URL(realBrokers().nats).port));
    this.#proxies.push(proxy);
    const servers = `127.0.0.1:${proxy.port}`;
    const driver = await natsBroker({ name: 'nats', library: natsLibrary, client: { servers } }).driver();
    return { driver, kill: async () => proxy.refuse() };
  }

  async end(): Promise<void> {
    await this.publisher.close();
    await this.connection.close();
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}
