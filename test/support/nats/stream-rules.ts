import { expect } from '@jest/globals';
import type { Driver, Outgoing } from '../../../lib/driver/index.js';
import { type NatsBrokerDefinition, stream, type StreamOptions, toStream } from '../../../lib/nats/index.js';
import { positions, Reader } from '../twin-bench.js';

/** What a rule is tried on: the twin, or the server. */
export interface StreamWorld {
  readonly definition: NatsBrokerDefinition;
  readonly driver: Driver;
  /** Of a stream that nobody else has. */
  readonly name: string;
  /** How many messages the stream holds. */
  kept(): Promise<number>;
  /** Resolves once the check holds: time passes meanwhile. */
  until(check: () => boolean | Promise<boolean>): Promise<void>;
  /** Time passes. */
  pass(ms: number): Promise<void>;
}

type Settle = ConstructorParameters<typeof Reader>[0];

/** Reads the world's stream, which is made by the first who does. */
async function read(world: StreamWorld, options: Partial<StreamOptions> = {}, settle: Settle = () => 'ack') {
  const { definition, driver, name } = world;
  const reader = new Reader(settle);
  const all: StreamOptions = { subjects: [`${name}.*`], durable: 'd', storage: 'memory', ...options };
  reader.intake = await driver.subscribe([definition.source(stream(name, all))], reader, new AbortController().signal);
  return reader;
}

async function publish({ definition, driver, name }: StreamWorld, subject: string, ...texts: string[]) {
  const to = definition.destination(toStream(`${name}.${subject}`));
  return positions(
    await driver.publish(
      to,
      texts.map((text): Outgoing => ({ body: Buffer.from(text) })),
    ),
  );
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (thrown: unknown) => (thrown as { code: string }).code,
  );
}

interface StreamRule {
  readonly title: string;
  prove(world: StreamWorld): Promise<void>;
}

/** Rules of JetStream: each is tried on the real server, and holds for the twin. */
export const streamRules: readonly StreamRule[] = [
  {
    title: 'a work queue keeps what is not settled, and that alone',
    async prove(world) {
      await read(world, { retention: 'workqueue' }, ({ text }) => (text === 'open' ? undefined : 'ack'));
      await publish(world, 'a', 'one', 'open', 'two');
      await world.until(async () => (await world.kept()) === 1);
    },
  },
  {
    title: 'a work queue lets go of what was rejected',
    async prove(world) {
      await read(world, { retention: 'workqueue' }, () => 'reject');
      await publish(world, 'a', 'one');
      await world.until(async () => (await world.kept()) === 0);
    },
  },
  {
    title: 'a work queue refuses a second consumer of the same subjects, and one that begins at the end',
    async prove(world) {
      await read(world, { retention: 'workqueue', filter: `${world.name}.a` });
      const codes = [
        await codeOf(read(world, { durable: 'other', filter: `${world.name}.a` })),
        await codeOf(read(world, { durable: 'all' })),
        await codeOf(read(world, { durable: 'late', filter: `${world.name}.b`, deliver: 'new' })),
        await codeOf(read(world, { durable: 'apart', filter: `${world.name}.b` })),
      ];
      const refused = 'MULTI_BROKER_STREAM_MISMATCH';
      expect(codes).toEqual([refused, refused, refused, 'none']);
    },
  },
  {
    title: 'a stream kept by interest keeps a message until every consumer has settled it',
    async prove(world) {
      const late: (() => void)[] = [];
      await read(world, { retention: 'interest' });
      const slow = await read(world, { durable: 'slow' }, ({ lane, message }) => {
        late.push(() => {
          lane.settle(message, 'ack');
        });
        return undefined;
      });
      await publish(world, 'a', 'one');
      await world.until(() => slow.got.length === 1);
      expect(await world.kept()).toBe(1);
      for (const settle of late) settle();
      await world.until(async () => (await world.kept()) === 0);
    },
  },
  {
    title: 'a stream kept by interest keeps nothing that no consumer reads',
    async prove(world) {
      await read(world, { retention: 'interest', filter: `${world.name}.a` }, () => undefined);
      await publish(world, 'b', 'nobody');
      await publish(world, 'a', 'somebody');
      expect(await world.kept()).toBe(1);
    },
  },
  {
    title: 'a full stream that discards the new refuses it, retriably, and takes it again when there is room',
    async prove(world) {
      const more = { discard: 'new', maxMessages: 2, retention: 'workqueue' } as const;
      const reader = await read(world, more, () => undefined);
      const told = await publish(world, 'a', 'one', 'two', 'three');
      expect(told).toEqual([`${world.name}@1`, `${world.name}@2`, 'MULTI_BROKER_PUBLISH_REJECTED']);
      const to = world.definition.destination(toStream(`${world.name}.a`));
      const [outcome] = await world.driver.publish(to, [{ body: Buffer.from('three') }]);
      expect(outcome).toMatchObject({ error: { retryable: true, written: 'no' } });
      await world.until(() => reader.got.length === 2);
      const [first] = reader.got;
      first!.lane.settle(first!.message, 'ack');
      await world.until(async () => (await world.kept()) === 1);
      expect(await publish(world, 'a', 'three')).toEqual([`${world.name}@3`]);
    },
  },
  {
    title: 'a stream holds no more bytes than it may, the oldest gone',
    async prove(world) {
      await read(world, { maxBytes: 4_000 }, () => undefined);
      await publish(world, 'a', ...Array.from({ length: 6 }, (_, index) => String(index).repeat(1_000)));
      expect(await world.kept()).toBeLessThan(4);
      const late = await read(world, { durable: 'late' });
      await world.until(() => late.texts.at(-1)?.startsWith('5') === true);
      expect(late.texts.map(([digit]) => digit)).not.toContain('0');
    },
  },
  {
    title: 'a message is given up after maxDeliver deliveries, those behind it go on, and the stream keeps it',
    async prove(world) {
      const reader = await read(world, { maxDeliver: 2 }, ({ text }) =>
        text === 'bad' ? { redeliverInMs: 20 } : 'ack',
      );
      await publish(world, 'a', 'bad', 'good');
      await world.until(() => reader.got.length === 3);
      await world.pass(500);
      const bad = reader.got.filter(({ text }) => text === 'bad');
      expect(bad.map(({ message }) => message.deliveryCount)).toEqual([1, 2]);
      expect([reader.got.length, await world.kept()]).toEqual([3, 2]);
    },
  },
  {
    title: 'maxAckPending -1 is without a limit',
    async prove(world) {
      const reader = await read(world, { maxAckPending: -1 }, () => undefined);
      await publish(world, 'a', 'one', 'two');
      await world.until(() => reader.texts.length === 2);
    },
  },
  {
    title: 'no more than maxAckPending are out over all readers of one durable',
    async prove(world) {
      const both = [await read(world, { maxAckPending: 3 }, () => undefined)];
      both.push(await read(world, { maxAckPending: 3 }, () => undefined));
      await publish(world, 'a', ...Array.from({ length: 10 }, (_, index) => `m${index}`));
      const out = () => both.flatMap(({ got }) => got);
      await world.until(() => out().length === 3);
      await world.pass(300);
      expect(out()).toHaveLength(3);
      const [first] = out();
      first!.lane.settle(first!.message, 'ack');
      await world.until(() => out().length === 4);
    },
  },
  {
    title: 'a consumer that exists with another maxDeliver is not altered',
    async prove(world) {
      await read(world);
      expect(await codeOf(read(world, { maxDeliver: 5 }))).toBe('MULTI_BROKER_STREAM_MISMATCH');
    },
  },
  {
    title: 'a filter that no subject of the stream can match is refused, and the stream is not made for it',
    async prove(world) {
      const wrong = { filter: `other.${world.name}.*` };
      expect(await codeOf(read(world, wrong))).toBe('MULTI_BROKER_STREAM_MISMATCH');
      await expect(codeOf(read(world, { ...wrong, subjects: undefined }))).resolves.toBe(
        'MULTI_BROKER_SUBSCRIBE_FAILED',
      );
      await read(world);
      expect(await codeOf(read(world, { ...wrong, durable: 'late' }))).toBe('MULTI_BROKER_STREAM_MISMATCH');
      expect(await codeOf(read(world, { durable: 'fits', filter: `*.a` }))).toBe('none');
    },
  },
  {
    title: 'a request to a subject that a stream captures is an error that names the stream',
    async prove(world) {
      await read(world);
      const { definition, driver, name } = world;
      const to = definition.destination(`${name}.ask`);
      await expect(driver.request!(to, { body: null }, new AbortController().signal)).rejects.toMatchObject({
        code: 'MULTI_BROKER_REQUEST_UNSUPPORTED',
        retryable: false,
        message: expect.stringContaining(`Stream ${name} captures`),
      });
    },
  },
  {
    title: 'a stream that exists with another retention, size or discard is not altered',
    async prove(world) {
      await read(world);
      for (const other of [{ retention: 'interest' }, { maxBytes: 9_999 }, { discard: 'new' }] as const) {
        expect(await codeOf(read(world, other))).toBe('MULTI_BROKER_STREAM_MISMATCH');
      }
    },
  },
];
