import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  bytes,
  Ctx,
  type DeadLetter,
  MessageContext,
  MultiBroker,
  MultiBrokerModule,
  Subscribe,
} from '../../../lib/index.js';
import type { Source } from '../../../lib/driver/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../../lib/testing/index.js';
import type { Place, World } from './scenarios.js';

/** Places that a second group or durable reads, too. */
export interface RedriveWorld extends Omit<World, 'pass'> {
  another(place: Place): Source;
}

const PAIRS = [
  ['kafka', 'jetstream'],
  ['kafka', 'kafka'],
  ['jetstream', 'kafka'],
  ['jetstream', 'jetstream'],
] as const;

/** What the handlers have seen, and whether the first one is still broken. */
interface Seen {
  broken: boolean;
  readonly handled: MessageContext<Buffer>[];
  readonly audited: MessageContext<Buffer>[];
}

function handlers(from: Place, to: Place, other: Source, seen: Seen): Type {
  @Injectable()
  class Orders {
    @Subscribe(from.broker, from.source, {
      codec: bytes,
      deadLetter: { broker: to.broker, destination: to.destination },
      retry: { attempts: 2, delayMs: 1 },
    })
    handle(@Ctx() context: MessageContext<Buffer>) {
      if (seen.broken || context.message.payload.toString() === 'poison') throw new Error('broken');
      seen.handled.push(context);
    }

    @Subscribe(from.broker, other, { codec: bytes })
    audit(@Ctx() context: MessageContext<Buffer>) {
      seen.audited.push(context);
    }
  }
  return Orders;
}

const textOf = ({ message }: MessageContext<Buffer>): string => message.payload.toString();
const bodies = (letters: readonly DeadLetter[]): string[] =>
  letters.map(({ body }) => Buffer.from(body ?? []).toString());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

interface Scene {
  readonly seen: Seen;
  readonly multi: MultiBroker;
  readonly harness: MultiBrokerHarness;
  readonly from: Place;
  /** Where the letters are. */
  readonly place: Place;
}

/** The same promises on twins and on real servers. */
export function redriveScenarios(world: RedriveWorld): void {
  let open: TestingModule | undefined;

  afterEach(async () => {
    await open?.close();
    open = undefined;
  });

  /** Letters of these texts are parked, and the handler is mended. */
  async function parked(one: 'kafka' | 'jetstream', other: 'kafka' | 'jetstream', texts: string[]): Promise<Scene> {
    const [from, to] = [await world[one]('from'), await world[other]('to')];
    const seen: Seen = { broken: true, handled: [], audited: [] };
    @Module({
      imports: [MultiBrokerModule.forRoot(world.definitions())],
      providers: [handlers(from, to, world.another(from), seen)],
    })
    class AppModule {}
    open = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(MultiBrokerModule)
      .useModule(MultiBrokerTestingModule.configure({ real: world.real }))
      .setLogger({ log() {}, error() {}, warn() {} })
      .compile();
    await open.init();
    const [multi, harness] = [open.get(MultiBroker), open.get(MultiBrokerHarness)];
    // A stream exists once somebody reads it.
    if (other === 'jetstream') await (await multi.get(to.broker).subscribe(to.source, () => undefined)).stop();
    for (const text of texts) {
      await multi.get(from.broker).publish(from.destination, Buffer.from(text), {
        codec: bytes,
        key: Buffer.from([0xff, 0x01]),
        headers: { 'content-type': 'application/x-order', 'correlation-id': `c-${text}` },
        rawHeaders: [
          ['twice', '1'],
          ['twice', '2'],
          ['schema', Buffer.from([0xff, 0xfe])],
        ],
      });
    }
    const isParked = () => multi.get(from.broker).health().counts.deadLettered === texts.length;
    await harness.waitFor(() => isParked() && seen.audited.length === texts.length);
    await harness.settled();
    seen.broken = false;
    return { seen, multi, harness, from, place: to };
  }

  describe.each(PAIRS)('dead letters of %s on %s', (one, other) => {
    it('are listed without being taken', async () => {
      const { multi, from, place } = await parked(one, other, ['a', 'b', 'c']);
      for (const again of [1, 2]) {
        const letters = await all(multi.deadLetters(place));
        expect({ again, found: bodies(letters) }).toEqual({ again, found: ['a', 'b', 'c'] });
        expect(letters[0]).toMatchObject({
          from: { broker: from.broker, source: from.address },
          handler: 'Orders.handle',
          error: { name: 'Error', message: 'broken' },
          attempts: 2,
          at: expect.any(Date),
          headers: { 'correlation-id': 'c-a', 'content-type': 'application/x-order' },
        });
        expect(Buffer.from(letters[0]?.rawKey ?? [])).toEqual(Buffer.from([0xff, 0x01]));
      }
      expect(bodies(await all(multi.deadLetters(place, { limit: 2 })))).toEqual(['a', 'b']);
      expect(await multi.redrive(place, { dryRun: true })).toEqual({ read: 3, redriven: 3, left: 0, failed: 0 });
      expect(await all(multi.deadLetters(place))).toHaveLength(3);
    }, 90_000);

    it('are redriven through the handler that failed alone, in order, as attempt 1; then there are none', async () => {
      const { seen, multi, from, place } = await parked(one, other, ['a', 'b', 'c']);
      expect(await multi.redrive(place)).toEqual({ read: 3, redriven: 3, left: 0, failed: 0 });
      expect(seen.handled.map(textOf)).toEqual(['a', 'b', 'c']);
      const [{ source, message }] = seen.handled as [MessageContext<Buffer>];
      expect([source, message.attempt, message.correlationId]).toEqual([from.address, 1, 'c-a']);
      expect(message.id).toBe(seen.audited[0]?.message.id);
      expect(Object.keys(message.headers).filter((name) => name.startsWith('dead-letter-'))).toEqual([]);
      expect(seen.audited).toHaveLength(3);
      expect(await multi.redrive(place)).toEqual({ read: 0, redriven: 0, left: 0, failed: 0 });
      expect(await all(multi.deadLetters(place))).toEqual([]);
    }, 90_000);

    it('that fail again, that the filter refuses, or that are beyond the limit stay, and only they', async () => {
      const { seen, multi, place } = await parked(one, other, ['a', 'poison', 'b', 'c', 'd', 'e']);
      const filter = ({ body }: DeadLetter) => Buffer.from(body ?? []).toString() !== 'b';
      expect(await multi.redrive(place, { filter, limit: 4 })).toEqual({ read: 6, redriven: 3, left: 2, failed: 1 });
      expect(seen.handled.map(textOf)).toEqual(['a', 'c', 'd']);
      expect(multi.brokers.map((broker) => broker.health().counts.deadLettered)).toEqual(expect.arrayContaining([6]));
      expect(await multi.redrive(place)).toEqual({ read: 3, redriven: 2, left: 0, failed: 1 });
      expect(seen.handled.map(textOf)).toEqual(['a', 'c', 'd', 'b', 'e']);
      expect(await multi.redrive(place, { dryRun: true })).toMatchObject({ read: 1 });
    }, 90_000);

    it('are published again where they came from, byte for byte', async () => {
      const { seen, multi, harness, from, place } = await parked(one, other, ['a', 'b']);
      expect(await multi.redrive(place, { to: 'source' })).toEqual({ read: 2, redriven: 2, left: 0, failed: 0 });
      await harness.waitFor(() => seen.handled.length === 2 && seen.audited.length === 4);
      const [, , again] = seen.audited;
      const [first] = seen.audited;
      expect([textOf(again!), again!.source]).toEqual(['a', from.address]);
      expect(again!.message.rawKey).toEqual(Buffer.from([0xff, 0x01]));
      const named = (name: string) =>
        again!.message.rawHeaders.filter(([header]) => header === name).map(([, value]) => value);
      expect(named('twice')).toEqual([Buffer.from('1'), Buffer.from('2')]);
      expect(named('schema')).toEqual([Buffer.from([0xff, 0xfe])]);
      expect(again!.message.headers).toMatchObject({
        'content-type': 'application/x-order',
        'correlation-id': 'c-a',
      });
      expect(Object.keys(again!.message.headers).filter((name) => name.startsWith('dead-letter-'))).toEqual([]);
      expect(again!.message.id).not.toBe(first!.message.id);
      if (one === 'kafka' && world.real) {
        const partitionOf = ({ message }: MessageContext) => (message.raw as { partition: number }).partition;
        expect(partitionOf(again!)).toBe(partitionOf(first!));
      }
      expect(await multi.redrive(place)).toMatchObject({ read: 0 });
    }, 90_000);

    it('of a handler that the application lacks, and messages that are none, are left', async () => {
      const { seen, multi, place } = await parked(one, other, ['a', 'b']);
      await multi.get(place.broker).publish(place.destination, { not: 'a letter' });
      await multi.get(place.broker).publish(place.destination, 'x', {
        headers: { 'dead-letter-broker': 'orders', 'dead-letter-source': 's', 'dead-letter-binding': 'Gone.on/s' },
      });
      expect(await multi.redrive(place)).toEqual({ read: 4, redriven: 2, left: 2, failed: 0 });
      expect(seen.handled.map(textOf)).toEqual(['a', 'b']);
      expect(await multi.redrive(place)).toEqual({ read: 2, redriven: 0, left: 2, failed: 0 });
    }, 90_000);

    it('are left from the moment on that the signal aborts', async () => {
      const { seen, multi, place } = await parked(one, other, ['a', 'b', 'c']);
      const end = new AbortController();
      const filter = (): boolean => {
        if (seen.handled.length === 1) end.abort();
        return true;
      };
      expect(await multi.redrive(place, { filter, signal: end.signal })).toEqual({
        read: 3,
        redriven: 1,
        left: 2,
        failed: 0,
      });
      expect(await multi.redrive(place)).toEqual({ read: 2, redriven: 2, left: 0, failed: 0 });
      expect(seen.handled.map(textOf)).toEqual(['a', 'b', 'c']);
    }, 90_000);
  });
}
