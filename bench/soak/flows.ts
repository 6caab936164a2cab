/** A Kafka topic, and the group that reads it. */
export interface Topic {
  readonly topic: string;
  readonly partitions: number;
  readonly group: string;
}

/** A stream, the subject that is written to it, and the durable consumer that reads it. */
export interface Durable {
  readonly stream: string;
  readonly subject: string;
  readonly durable: string;
}

/** Where results arrive: a topic, or a subject of a stream. */
export type Arrival = { readonly topic: string } | { readonly stream: string; readonly subject: string };

/** One way of messages through the replicas: a source, a handler, a destination. */
export interface Flow {
  readonly from: Topic | Durable;
  readonly to: readonly Arrival[];
  /** Messages a second that are written to its source all the time. */
  readonly rate: number;
  /** Extra bytes of a message's body. */
  readonly padding?: number;
  /** How many keys its messages have. Default: 40. */
  readonly keys?: number;
  /** What arrives is compared with what was written: key by key the first arrivals keep its order. */
  readonly ordered?: boolean;
  /** Another flow writes to its source. */
  readonly fed?: boolean;
  /** Its source is missing at first. */
  readonly late?: boolean;
  /** Whose health has to tell when it stands. */
  readonly brokers: readonly string[];
}

const bridge = 'soak-bridge';
const done = (flow: string): Arrival => ({ stream: 'DONE', subject: `soak.done.${flow}` });
const durable = (stream: string): Durable => ({
  stream,
  subject: `soak.${stream.toLowerCase()}`,
  durable: `soak-${stream.toLowerCase()}`,
});

export const FLOWS = {
  /** Kafka to JetStream, and back. */
  there: {
    from: { topic: 'soak-in', partitions: 6, group: bridge },
    to: [{ stream: 'ORDERS', subject: 'soak.orders' }],
    rate: 100,
    ordered: true,
    brokers: ['orders', 'events'],
  },
  back: { from: durable('ORDERS'), to: [{ topic: 'soak-out' }], rate: 0, fed: true, brokers: ['orders', 'events'] },
  /** To a Kafka whose way is cut for a while; many bytes, so that what waits is more than one request. */
  far: {
    from: { topic: 'soak-far-in', partitions: 1, group: bridge },
    to: [{ topic: 'soak-far-out' }],
    rate: 20,
    padding: 4_000,
    ordered: true,
    brokers: ['orders', 'far'],
  },
  /** Every tenth message goes to a stream that is full for a while, the others pass. */
  full: {
    from: { topic: 'soak-full-in', partitions: 1, group: bridge },
    to: [{ stream: 'FULL', subject: 'soak.full' }, done('full')],
    rate: 20,
    keys: 1,
    ordered: true,
    brokers: ['orders', 'events'],
  },
  /** Its subscription is paused, or its handler hangs, in one replica. */
  steady: { from: durable('STEADY'), to: [done('steady')], rate: 20, brokers: ['events'] },
  /** A backlog that the replicas share. */
  shared: { from: durable('SHARED'), to: [done('shared')], rate: 0, brokers: ['events'] },
  /** The server gives up what it delivered MAX_DELIVER times. */
  limited: { from: durable('LIMITED'), to: [done('limited')], rate: 0, brokers: ['events'] },
  /** Sources of brokers with `critical: false` that are there, beside others that come late. */
  optionalTopic: {
    from: { topic: 'soak-optional', partitions: 2, group: 'soak-optional' },
    to: [done('optional-topic')],
    rate: 5,
    brokers: ['optional-kafka', 'events'],
  },
  optionalStream: {
    from: durable('OPTIONAL'),
    to: [done('optional-stream')],
    rate: 5,
    brokers: ['optional-nats', 'events'],
  },
  lateTopic: {
    from: { topic: 'soak-late-topic', partitions: 1, group: 'soak-late' },
    to: [done('late-topic')],
    rate: 5,
    late: true,
    brokers: ['optional-kafka', 'events'],
  },
  lateStream: {
    from: durable('LATE'),
    to: [done('late-stream')],
    rate: 5,
    late: true,
    brokers: ['optional-nats', 'events'],
  },
} satisfies Record<string, Flow>;

export type FlowName = keyof typeof FLOWS;

export const flowNames = Object.keys(FLOWS) as FlowName[];

export function flow(name: FlowName): Flow {
  return FLOWS[name];
}

export function isTopic(from: Topic | Durable): from is Topic {
  return 'topic' in from;
}

export const MAX_DELIVER = 3;

/** Of `full` every so manieth message goes to the stream that is full. */
export const EVERY = 10;

/** What travels: `id` is unique within its flow, and of one key they ascend. */
export interface Travelling {
  readonly id: number;
  readonly key: string;
  /** The replica that handled it. */
  readonly by?: string;
}
