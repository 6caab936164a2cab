import { getHeapStatistics } from 'node:v8';
import * as v8 from 'node:v8';
import type { KafkaMessage } from 'kafkajs';
import { systemClock, TurnBudget } from '../../../lib/async/index.js';
import { auto } from '../../../lib/codec/index.js';
import { type Binding, DeliverySink, Encodings, HealthIssues, Outbox } from '../../../lib/delivery/index.js';
import { Delivery } from '../../../lib/delivery/delivery.js';
import { AttemptContext } from '../../../lib/delivery/delivery-context.js';
import { DeliveryObservers } from '../../../lib/delivery/observe.js';
import { JsonPublication, SinglePublication } from '../../../lib/delivery/single-publication.js';
import { Broker, type Driver, type Lane, type Outcome, outgoing } from '../../../lib/driver/index.js';
import { KafkaRecord } from '../../../lib/kafka/driver/consumer/record.js';
import type { NatsDestinationSpec } from '../../../lib/nats/destination-spec.js';
import type { Connection } from '../../../lib/nats/driver/connection/connection.js';
import { PublishErrors } from '../../../lib/nats/driver/connection/publish-errors.js';
import { WireWriter } from '../../../lib/nats/driver/connection/wire-writer.js';
import { natsBroker, toStream } from '../../../lib/nats/index.js';

// The path of a message from Kafka to a stream, in a process of its own: records of kafkajs, delivery, and the writer of NATS;
// what the clients do is left out. Tells the parent what is made of each message.
const MESSAGES = 10_000;
/** Fewer than a lane lets be unsettled. */
const IN_FLIGHT = 400;
const nothing = (): void => undefined;
const failed = (line: string): never => {
  console.error(line);
  process.exit(1);
};
const log = { debug: nothing, info: nothing, warn: failed, error: failed };
const info = { headers: true, max_payload: 1_048_576 };
const connection = { nc: { info, isClosed: () => false } } as unknown as Connection;
const client = { wire: () => ({ send: nothing }) };
const writer = new WireWriter(connection, client, new PublishErrors('out'), 'out', log);

/** Writes as the driver does; confirms at once, or when it is released. */
class Target implements Pick<Driver, 'publish' | 'readsByName'> {
  private held: (() => void)[] | undefined;
  readonly readsByName = this.publish;

  publish(this: Target, to: unknown, batch: Parameters<Driver['publish']>[1]): Promise<readonly Outcome[]> {
    for (const [index, message] of batch.entries()) {
      const written = writer.write(to as NatsDestinationSpec, message, `_INBOX.a.${String(index)}`);
      if (typeof written !== 'number') throw written;
    }
    writer.send();
    const outcomes = batch.map((_, index) => ({ receipt: { position: `S@${String(index)}` } }));
    const { held } = this;
    if (held === undefined) return Promise.resolve(outcomes);
    return new Promise((resolve) => held.push(() => resolve(outcomes)));
  }

  hold(): void {
    this.held = [];
  }

  release(): void {
    for (const go of this.held ?? []) go();
    this.held = undefined;
  }
}

const target = new Target();
const events = natsBroker({ name: 'out', client: { servers: 'nats://127.0.0.1:1' } });
const outbox = new Outbox({
  broker: 'out',
  kind: 'nats',
  clock: systemClock,
  log,
  driver: () => target as unknown as Driver,
});
const source = { kind: 'kafka', name: 'topic orders', address: 'orders', durable: true };
let finished = 0;

const binding = {
  handler: 'Bridge.forward',
  broker: 'in',
  source,
  ack: 'nack-on-error',
  retry: { attempts: 3, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 },
  routes: [{ broker: 'out', destination: toStream('events') }],
  targets: [],
  handle: () => RESULT,
  items: outgoing,
} as unknown as Binding;
const RESULT = { id: 1, note: 'leave at the door' };

const outlet = {
  codec: auto,
  encodings: new Encodings(),
  resolve: () => events.destination(toStream('events')),
  at: () => events.destination(toStream('events')),
  send: (...args: Parameters<Outbox['send']>) => outbox.send(...args),
};
const sink = new DeliverySink([binding], {
  broker: Object.create(Broker.prototype, { name: { value: 'in' } }) as Broker,
  clock: systemClock,
  log,
  turns: new TurnBudget(),
  counts: {
    ...{ running: 0, handled: 0, failed: 0, rejected: 0 },
    ...{ deadLettered: 0, dropped: 0, unpublished: 0, unmatched: 0 },
  },
  healthIssues: new HealthIssues(systemClock),
  rejections: new HealthIssues(systemClock),
  application: {},
  observers: new DeliveryObservers(),
  retriesAtOnce: false,
  maxHops: () => 16,
  outlet: () => outlet,
});

const lane: Lane = {
  source,
  name: 'orders[0]',
  lost: new AbortController().signal,
  redelivery: 'in-place',
  backpressure: true,
  settle: () => {
    finished++;
  },
};
sink.opened(lane);

const origin = { place: 'kafka:cluster:orders:0:', topic: 'orders', partition: 0, params: undefined };
const value = Buffer.from('{"id":1}');

/** As kafkajs has decoded them: they are not of the library's making. */
function decoded(count: number): KafkaMessage[] {
  return Array.from({ length: count }, (_, offset) => {
    const message = { key: null, value, headers: undefined, timestamp: '1790000000000', attributes: 0 };
    return { ...message, offset: String(offset) } as unknown as KafkaMessage;
  });
}

async function take(messages: readonly KafkaMessage[]): Promise<void> {
  for (let from = 0; from < messages.length; from += IN_FLIGHT) {
    const records = messages.slice(from, from + IN_FLIGHT).map((message) => new KafkaRecord(origin, message));
    await sink.take(lane, records);
    await until(() => finished >= from + records.length);
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

const used = (): number => getHeapStatistics().used_heap_size;
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** Bytes of heap for each message, garbage included: the young generation is so large that nothing is collected. */
async function allocated(): Promise<number> {
  const messages = decoded(MESSAGES);
  finished = 0;
  globalThis.gc!();
  const before = used();
  await take(messages);
  return (used() - before) / MESSAGES;
}

type Class = abstract new (...args: never[]) => object;
type Count = (made: Class, options: { format: 'count' }) => number;

/** Looks at messages whose publishes are not confirmed; the difference to none at all is of all of them. */
async function inFlight<Name extends string>(look: () => Record<Name, number>): Promise<Record<Name, number>> {
  const messages = decoded(IN_FLIGHT);
  finished = 0;
  target.hold();
  globalThis.gc!();
  const before = look();
  void sink.take(
    lane,
    messages.map((message) => new KafkaRecord(origin, message)),
  );
  await turns(20);
  globalThis.gc!();
  const after = look();
  target.release();
  await until(() => finished === IN_FLIGHT);
  const made = (Object.keys(after) as Name[]).map((name) => [name, (after[name] - before[name]) / IN_FLIGHT]);
  return Object.fromEntries(made) as Record<Name, number>;
}

function objects(): Record<string, number> {
  const { queryObjects } = v8 as unknown as { queryObjects: Count };
  const classes = { KafkaRecord, Delivery, AttemptContext, JsonPublication, SinglePublication };
  const counts = Object.entries(classes).map(([name, made]) => {
    return [name, queryObjects(made as unknown as Class, { format: 'count' })] as const;
  });
  return Object.fromEntries(counts);
}

const TIMES = 9;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(TIMES / 2)]!;

/** The median of each, as the process also makes and frees what is none of a message's: one record of an earlier measure. */
async function usual<Name extends string>(measure: () => Promise<Record<Name, number>>): Promise<Record<Name, number>> {
  const measured: Record<Name, number>[] = [];
  for (let time = 0; time < TIMES; time++) measured.push(await measure());
  const names = Object.keys(measured[0]!) as Name[];
  return Object.fromEntries(names.map((name) => [name, median(measured.map((one) => one[name]))])) as Record<
    Name,
    number
  >;
}

await take(decoded(MESSAGES * 2));
const { all } = await usual(async () => ({ all: await allocated() }));
const { bytes } = await usual(() => inFlight(() => ({ bytes: used() })));
const made = { allocated: all, bytes, objects: await usual(() => inFlight(objects)) };
process.send!(made, () => process.exit(0));
