import {
  addressOf,
  type BrokerDefinition,
  type BrokerOptions,
  type Destination,
  type DestinationSpec,
  type Driver,
  MultiBrokerError,
  type Source,
  type SourceSpec,
} from 'nestjs-multi-broker/driver';

declare module 'nestjs-multi-broker/driver' {
  interface BrokerKinds {
    queue: { source: Queue; destination: Queue };
  }
}

/** A queue of the process. Readers of one group share its messages; each group gets all of them. */
export interface Queue extends Source, Destination {
  readonly kind: 'queue';
  readonly queue: string;
  readonly group: string;
  /** A new group begins with what comes from now on, instead of with all that the queue keeps. */
  readonly fromEnd: boolean;
  /** After how long without a settlement a message goes to the next reader. */
  readonly leaseMs: number;
}

/** A queue resolved for one broker, to read or to write. */
export type QueueSpec = Queue & SourceSpec & DestinationSpec;

export function queue(name: string, options: Partial<Pick<Queue, 'group' | 'fromEnd' | 'leaseMs'>> = {}): Queue {
  return { kind: 'queue', queue: name, group: 'all', fromEnd: false, leaseMs: 30_000, ...options };
}

/** A broker whose server is the process itself; brokers of one application meet in it. */
export function queueBroker(options: BrokerOptions): BrokerDefinition<'queue'> {
  const open = async (): Promise<Driver> => new (await import('./queue-driver.js')).QueueDriver(options.name);
  const resolve = (given: string | Source | Destination): QueueSpec => {
    const one: Source | Destination = typeof given === 'string' ? queue(given) : given;
    if (!isQueue(one)) throw new MultiBrokerError('MULTI_BROKER_WRONG_KIND', `A ${one.kind} object is no queue`);
    const address = addressOf(one.queue, options.addresses);
    if (/^\S+$/.test(address)) return { ...one, name: `queue ${address}`, address, durable: true, dedupes: false };
    throw new MultiBrokerError('MULTI_BROKER_ADDRESS_INVALID', `'${address}' is not the name of a queue`);
  };
  return {
    name: options.name,
    kind: 'queue',
    options,
    critical: options.critical,
    problems: () => [],
    source: resolve,
    destination: resolve,
    clash(one, other) {
      const same = one.address === other.address && (one as QueueSpec).group === (other as QueueSpec).group;
      return same ? `both read ${one.name} in one group` : undefined;
    },
    driver: open,
    // Nothing to imitate: the queue is in memory, and its time comes from the clock that it is given.
    twin: open,
  };
}

const isQueue = (given: Source | Destination): given is Queue => given.kind === 'queue';
