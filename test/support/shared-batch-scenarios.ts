import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  type BrokerDefinition,
  byHeader,
  type Destination,
  MessageHeaders,
  MultiBroker,
  MultiBrokerModule,
  outgoing,
  Payload,
  type Source,
  Subscribe,
} from '../../lib/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../lib/testing/index.js';
import { eventually } from './eventually.js';

/** One source with one lane. */
export interface SharedPlace {
  readonly definition: BrokerDefinition;
  readonly source: Source;
  readonly to: string | Destination;
  /** Where letters are parked and read, on the same broker. */
  readonly letters: { readonly source: Source; readonly to: string | Destination };
  readonly done?: () => Promise<void>;
}

/** Twins or real servers. */
export interface SharedWorld {
  readonly real: boolean;
  /** Places that nobody else uses, by what they are. */
  readonly places: Readonly<Record<string, () => Promise<SharedPlace>>>;
  /** Lets waits pass: the clock of twins, nothing on real servers. */
  pass(harness: MultiBrokerHarness): Promise<void>;
}

/** A handler and the numbers that it got in one call. */
type Call = readonly [handler: string, numbers: readonly number[]];

const ONCE = { attempts: 1 };

/** `a` and the rest are handled in batches, `b` is one by one; `x` has no key that anything else has. */
const TYPES = ['a', 'b', 'a', 'c', 'a', 'b', 'c', 'a', 'c', 'a'];
const sent = Array.from({ length: 60 }, (_, n) => ({ n, type: TYPES[n % 10] as string, key: `k${String(n % 7)}` }));
const handlerOf = (type: string): string => (type === 'c' ? 'rest' : type);

/** The same promises on twins and on real servers. */
export function sharedBatchScenarios(world: SharedWorld): void {
  let moduleRef: TestingModule | undefined;
  let place: SharedPlace;

  async function start(
    { definition, source, letters }: SharedPlace,
    fails: (numbers: readonly number[]) => boolean,
    parks: boolean,
  ) {
    const calls: Call[] = [];
    const parked: { readonly number: number; readonly by: unknown }[] = [];
    const deadLetter = parks && { destination: letters.to };
    const noted = (handler: string, numbers: readonly number[]): void => {
      if (fails(numbers)) throw new Error('poison');
      calls.push([handler, [...numbers]]);
    };
    const { name: broker } = definition;
    @Injectable()
    class Shop {
      @Subscribe(broker, source, {
        filter: byHeader('type', 'a'),
        batch: { maxSize: 20, maxWaitMs: 300 },
        ack: 'reject-on-error',
        retry: ONCE,
        deadLetter,
      })
      a(@Payload() numbers: number[]) {
        noted('a', numbers);
      }

      @Subscribe(broker, source, { filter: byHeader('type', 'b') })
      b(@Payload() number: number) {
        noted('b', [number]);
      }

      @Subscribe(broker, source, { batch: { maxSize: 5, maxWaitMs: 300 }, retry: ONCE })
      rest(@Payload() numbers: number[]) {
        noted('rest', numbers);
      }
    }
    @Injectable()
    class Letters {
      @Subscribe(broker, letters.source)
      on(@Payload() number: number, @MessageHeaders() headers: Readonly<Record<string, string>>) {
        parked.push({ number, by: headers['dead-letter-handler'] });
      }
    }
    @Module({ imports: [MultiBrokerModule.forRoot([definition])], providers: [Shop, Letters] })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(MultiBrokerModule)
      .useModule(MultiBrokerTestingModule.configure({ real: world.real }))
      .setLogger({ log() {}, error() {}, warn() {} })
      .compile();
    moduleRef = app;
    await app.init();
    const harness = app.get(MultiBrokerHarness);
    const brokers = app.get(MultiBroker);
    return { calls, parked, harness, brokers, broker: brokers.get(broker), Shop };
  }

  async function handled(keys: boolean, fails: (numbers: readonly number[]) => boolean = () => false, parks = false) {
    const app = await start(place, fails, parks);
    app.harness.expectFailures();
    const items = sent.map(({ n, type, key }) => outgoing(n, { headers: { type }, ...(keys && { key }) }));
    await app.broker.publishBatch(place.to, items);
    const settled = () =>
      app.harness.deliveries().filter((one) => one.handler.startsWith('Shop.') && one.outcome !== 'pending').length;
    await eventually(async () => {
      await world.pass(app.harness);
      expect(settled()).toBe(sent.length);
    }, 30_000);
    return app;
  }

  const numbersOf = (calls: readonly Call[], wanted: (handler: string) => boolean = () => true): readonly number[] =>
    calls.flatMap(([handler, numbers]) => (wanted(handler) ? numbers : []));
  const expected = (wanted: (one: (typeof sent)[number]) => boolean): readonly number[] =>
    sent.filter(wanted).map(({ n }) => n);

  describe.each(Object.keys(world.places))('several handlers of %s, some with batch', (kind) => {
    afterEach(async () => {
      await moduleRef?.close();
      moduleRef = undefined;
      await place.done?.();
    });

    it('get each message once, in batches from among those of others, in the order of handler and key', async () => {
      place = await world.places[kind]!();
      const { calls, brokers, harness, Shop } = await handled(true);
      for (const handler of ['a', 'b', 'rest'])
        expect(numbersOf(calls, (by) => by === handler)).toEqual(expected(({ type }) => handlerOf(type) === handler));
      const inOrder = numbersOf(calls);
      for (const key of new Set(sent.map((one) => one.key))) {
        const ofKey = expected((one) => one.key === key);
        expect(inOrder.filter((n) => ofKey.includes(n))).toEqual(ofKey);
      }
      expect(calls.length).toBeLessThan(sent.length);
      expect(calls.every(([handler, { length }]) => length <= ({ a: 20, b: 1 }[handler] ?? 5))).toBe(true);
      const counts = (['a', 'b', 'rest'] as const).map((method) => brokers.handler(Shop, method).counts.handled);
      expect(counts).toEqual([30, 12, 18]);
      const by = harness.deliveries().map(({ handler, payload }) => `${handler} ${String(payload)}`);
      expect(by.toSorted()).toEqual(sent.map(({ n, type }) => `Shop.${handlerOf(type)} ${String(n)}`).toSorted());
    }, 60_000);

    it('without keys are called in the order of the source', async () => {
      place = await world.places[kind]!();
      const { calls } = await handled(false);
      expect(numbersOf(calls)).toEqual(expected(() => true));
    }, 60_000);

    it('have a poison item of a batch found and rejected alone; everything else is acked', async () => {
      place = await world.places[kind]!();
      const { calls, harness, broker } = await handled(true, (numbers) => numbers.includes(20));
      expect(numbersOf(calls).toSorted((one, other) => one - other)).toEqual(expected(({ n }) => n !== 20));
      const rejected = harness.deliveries({ outcome: 'rejected' });
      expect(rejected).toMatchObject([{ handler: 'Shop.a', payload: 20 }]);
      await eventually(() => expect(broker.health().counts).toMatchObject({ unsettled: 0, rejected: 1, handled: 59 }));
    }, 60_000);

    it('park a poison item of a batch by the dead letter of its handler; everything else is acked', async () => {
      place = await world.places[kind]!();
      const { calls, parked, harness } = await handled(true, (numbers) => numbers.includes(20), true);
      expect(numbersOf(calls).toSorted((one, other) => one - other)).toEqual(expected(({ n }) => n !== 20));
      await eventually(() => expect(parked).toEqual([{ number: 20, by: 'Shop.a' }]));
      const outcomes = harness.deliveries().filter(({ outcome }) => outcome !== 'acked');
      expect(outcomes).toMatchObject([{ handler: 'Shop.a', payload: 20, outcome: 'dead-lettered' }]);
    }, 60_000);
  });
}
