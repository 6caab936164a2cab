import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  type Broker,
  type BrokerDefinition,
  bytes,
  Ctx,
  type DeadLetterOptions,
  MessageContext,
  MultiBroker,
  MultiBrokerModule,
  Subscribe,
} from '../../../lib/index.js';
import type { Destination, Source } from '../../../lib/driver/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../../lib/testing/index.js';
import { connectHeaders, springHeaders } from './interop-headers.js';

/** A place that messages are read from, or parked in. */
export interface Place {
  readonly broker: 'orders' | 'events';
  /** What a handler reads. */
  readonly source: string | Source;
  /** Where `publish()` or a dead letter writes. */
  readonly destination: string | Destination;
  /** Topic or subject. */
  readonly address: string;
}

/** Twins or real servers: makes places that nobody else uses. */
export interface World {
  readonly real: boolean;
  definitions(): readonly BrokerDefinition[];
  kafka(name: string): Promise<Place>;
  jetstream(name: string): Promise<Place>;
  core(name: string): Promise<Place>;
  /** Lets waits pass: the clock of twins, nothing on real servers. */
  pass(harness: MultiBrokerHarness): Promise<void>;
}

type Kind = 'kafka' | 'jetstream' | 'core';

const PAIRS: readonly (readonly [Kind, Kind])[] = [
  ['kafka', 'jetstream'],
  ['kafka', 'kafka'],
  ['jetstream', 'kafka'],
  ['jetstream', 'jetstream'],
  ['core', 'jetstream'],
  ['core', 'kafka'],
  ['kafka', 'core'],
  ['jetstream', 'core'],
  ['core', 'core'],
];

class Poisoned extends Error {
  readonly code = 'POISONED';
}

interface Seen {
  /** Attempts of the message that fails. */
  readonly attempts: number[];
  readonly handled: string[];
  /** What the reader of the dead letters got. */
  readonly letters: MessageContext[];
}

function handlers(from: Place, to: Place, deadLetter: string | DeadLetterOptions, seen: Seen): Type {
  @Injectable()
  class Orders {
    @Subscribe(from.broker, from.source, { deadLetter, codec: bytes, retry: { attempts: 2, delayMs: 1 } })
    handle(@Ctx() { message }: MessageContext<Buffer>) {
      if (message.payload[0] !== 0xff) {
        seen.handled.push(message.payload.toString());
        return;
      }
      seen.attempts.push(message.attempt);
      throw new Poisoned('it is\npoisoned');
    }

    @Subscribe(to.broker, to.source, { codec: bytes, deadLetter: false })
    letter(@Ctx() context: MessageContext) {
      seen.letters.push(context);
    }
  }
  return Orders;
}

/** The same promises on twins and on real servers. */
export function deadLetterScenarios(world: World): void {
  let moduleRef: TestingModule | undefined;

  async function start(providers: Type[]): Promise<{ harness: MultiBrokerHarness; broker(name: string): Broker }> {
    @Module({ imports: [MultiBrokerModule.forRoot(world.definitions())], providers })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(MultiBrokerModule)
      .useModule(MultiBrokerTestingModule.configure({ real: world.real }))
      .setLogger({ log() {}, error() {}, warn() {} })
      .compile();
    moduleRef = app;
    await app.init();
    return { harness: app.get(MultiBrokerHarness), broker: (name) => app.get(MultiBroker).get(name) };
  }

  afterEach(async () => {
    await moduleRef?.close();
    moduleRef = undefined;
  });

  describe.each(PAIRS)('a dead letter from %s to %s', (one, other) => {
    it('holds body, key and headers byte for byte, says why it was parked, and lets those behind it pass', async () => {
      const [from, to] = [await world[one]('from'), await world[other]('to')];
      const seen: Seen = { attempts: [], handled: [], letters: [] };
      const deadLetter = { broker: to.broker, destination: to.destination };
      const { harness, broker } = await start([handlers(from, to, deadLetter, seen)]);

      const source = broker(from.broker);
      const body = Buffer.from([0xff, 0x00, 0xfe]);
      const key = Buffer.from([0xff, 0x01]);
      const receipt = await source.publish(from.destination, body, {
        key,
        codec: bytes,
        headers: {
          'content-type': 'application/x-order',
          'correlation-id': 'c-1',
          traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
        },
        rawHeaders: [
          ['twice', '1'],
          ['twice', '2'],
          ['schema', Buffer.from([0xff, 0xfe])],
        ],
      });
      await source.publish(from.destination, Buffer.from('good'), { key, codec: bytes });
      await harness.waitFor(() => seen.letters.length === 1 && seen.handled.length === 1);
      await harness.settled();

      expect(seen.attempts).toEqual([1, 2]);
      const [letter] = seen.letters;
      const { message } = letter!;
      expect([letter!.source, message.payload, message.rawKey]).toEqual([to.address, body, key]);
      const named = (name: string) => message.rawHeaders.filter(([other]) => other === name).map(([, value]) => value);
      expect(named('twice')).toEqual([Buffer.from('1'), Buffer.from('2')]);
      expect(named('schema')).toEqual([Buffer.from([0xff, 0xfe])]);
      expect(message.headers).toMatchObject({
        'correlation-id': 'c-1',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
        'content-type': 'application/x-order',
        'dead-letter-broker': from.broker,
        'dead-letter-source': from.address,
        'dead-letter-handler': 'Orders.handle',
        'dead-letter-binding': expect.stringContaining('Orders.handle/'),
        'dead-letter-error': 'Poisoned',
        'dead-letter-code': 'POISONED',
        'dead-letter-message': 'it is poisoned',
        'dead-letter-attempts': '2',
        'dead-letter-at': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
      const [parked] = harness.deliveries({ outcome: 'dead-lettered' });
      expect(message.headers['dead-letter-position']).toBe(parked!.position);
      expect(message.headers['dead-letter-delivery-id']).toBe(
        `${parked!.position}/${message.headers['dead-letter-binding']}`,
      );
      expect(parked!.letter).toMatchObject({ broker: to.broker, destination: to.address, body });
      const partition = (position = '') => /\[(\d+)\]@\d+$/.exec(position)?.[1];
      // The same number of partitions and a binary key.
      if (one === 'kafka' && other === 'kafka')
        expect(partition(parked!.letter?.position)).toBe(partition(receipt.position));
      expect(source.health()).toMatchObject({ status: 'up', counts: { deadLettered: 1, rejected: 0, unsettled: 0 } });
    }, 60_000);
  });

  describe('a dead letter that cannot be written', () => {
    it('holds its message: too large for its broker, it is named by health, and not acknowledged', async () => {
      const [from, to] = [await world.kafka('from'), await world.jetstream('to')];
      const seen: Seen = { attempts: [], handled: [], letters: [] };
      const deadLetter = { broker: to.broker, destination: to.destination };
      const { harness, broker } = await start([handlers(from, to, deadLetter, seen)]);
      // Fits into Kafka's largest message; with the letter's headers it exceeds max_payload of NATS.
      const body = Buffer.alloc(1_048_300, 0xff);
      await broker('orders').publish(from.destination, body, { codec: bytes });
      await harness.waitFor(() => broker('orders').health().status === 'degraded');
      const { reasons, counts } = broker('orders').health();
      expect(reasons.join()).toMatch(/The dead letter of .* from Orders\.handle cannot be written on broker 'events'/);
      expect(counts).toMatchObject({ deadLettered: 0, rejected: 0, unsettled: 1 });
      expect(seen.letters).toEqual([]);
      harness.expectFailures();
    }, 60_000);

    it('is written once its stream exists', async () => {
      const [from, to] = [await world.kafka('from'), await world.jetstream('to')];
      const seen: Seen = { attempts: [], handled: [], letters: [] };
      const deadLetter = { broker: to.broker, destination: to.destination };
      const { harness, broker } = await start([handlers(from, await world.kafka('other'), deadLetter, seen)]);
      await broker('orders').publish(from.destination, Buffer.from([0xff]), { codec: bytes });
      await harness.waitFor(() => broker('orders').health().counts.failed >= 2);
      expect(broker('orders').health().counts).toMatchObject({ deadLettered: 0, unsettled: 1 });
      await broker('events').subscribe(to.source, (_, context) => void seen.letters.push(context), { codec: bytes });
      await world.pass(harness);
      await harness.waitFor(() => seen.letters.length === 1);
      expect(broker('orders').health().counts).toMatchObject({ deadLettered: 1, unsettled: 0 });
    }, 60_000);
  });

  describe('headers of a letter', () => {
    it.each([
      ["Spring Kafka's", springHeaders('shipping'), 'kafka_dlt-'],
      ["Kafka Connect's", connectHeaders('shipping'), '__connect.errors.'],
    ])(
      'may be %s',
      async (_, headers, prefix) => {
        const [from, to] = [await world.kafka('from'), await world.kafka('to')];
        const seen: Seen = { attempts: [], handled: [], letters: [] };
        const { harness, broker } = await start([handlers(from, to, { destination: to.destination, headers }, seen)]);
        const { position = '' } = await broker('orders').publish(from.destination, Buffer.from([0xff]), {
          codec: bytes,
        });
        await harness.waitFor(() => seen.letters.length === 1);
        const [, partition = '', offset = ''] = /\[(\d+)\]@(\d+)$/.exec(position) ?? [];
        const { rawHeaders } = seen.letters[0]!.message;
        const own = Object.fromEntries(rawHeaders.filter(([name]) => name.startsWith(prefix)));
        const text = (value: string) => Buffer.from(value);
        if (prefix === 'kafka_dlt-') {
          expect(own).toMatchObject({
            'kafka_dlt-original-topic': text(from.address),
            'kafka_dlt-original-partition': Buffer.from([0, 0, 0, Number(partition)]),
            'kafka_dlt-original-offset': Buffer.from([0, 0, 0, 0, 0, 0, 0, Number(offset)]),
            'kafka_dlt-exception-fqcn': text('Poisoned'),
          });
          expect(own['kafka_dlt-original-timestamp']).toHaveLength(8);
        } else {
          expect(own).toMatchObject({
            '__connect.errors.topic': text(from.address),
            '__connect.errors.partition': text(partition),
            '__connect.errors.offset': text(offset),
            '__connect.errors.exception.class.name': text('Poisoned'),
          });
        }
      },
      60_000,
    );
  });
}
