import {
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

/** What a source of this kind is once it is resolved. */
export type QueueSpec = SourceSpec & Pick<Queue, 'group' | 'fromEnd' | 'leaseMs'>;

export function queue(name: string, options: Partial<Pick<Queue, 'group' | 'fromEnd' | 'leaseMs'>> = {}): Queue {
  return { kind: 'queue', queue: name, group: 'all', fromEnd: false, leaseMs: 30_000, ...options };
}

/** A broker whose server is the process itself; brokers of one application meet in it. */
export function queueBroker(options: BrokerOptions): BrokerDefinition<'queue'> {
  const open = async (): Promise<Driver> => new (await import('./queue-driver.js')).QueueDriver();
  return {
    name: options.name,
    kind: 'queue',
    options,
    critical: options.critical,
    problems: () => [],
    source: (from): QueueSpec => ({ ...own(from), ...named(own(from), options), durable: true }),
    destination: (to): DestinationSpec => ({ kind: 'queue', ...named(own(to), options), dedupes: false }),
    clash(one, other) {
      const [group, otherGroup] = [(one as QueueSpec).group, (other as QueueSpec).group];
      return one.address === other.address && group === otherGroup ? `both read in group ${group}` : undefined;
    },
    driver: open,
    // Nothing to imitate: the queue is in memory, and its time comes from the clock that it is given.
    twin: open,
  };
}

function own(given: string | Source | Destination): Queue {
  if (typeof given === 'string') return queue(given);
  if (given.kind === 'queue') return given as Queue;
  throw new MultiBrokerError('MULTI_BROKER_WRONG_KIND', `A ${given.kind} object is given to a queue broker`);
}

function named({ queue: alias }: Queue, { addresses = {} }: BrokerOptions): { name: string; address: string } {
  const address = addresses[alias] ?? alias;
  if (/^\S+$/.test(address)) return { name: `queue ${address}`, address };
  throw new MultiBrokerError('MULTI_BROKER_ADDRESS_INVALID', `'${address}' is not the name of a queue`);
}
