import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { DriverContext } from '../../lib/driver/index.js';
import { type Broker, InjectBroker, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import type { TestingOptions } from '../../lib/testing/index.js';
import { TestClock } from '../../lib/testing/harness-clock.js';
import { IN_ORDER, type Random, randomOf, seeded, DeliveryTurns } from '../../lib/twin/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

/** Where a log began, at the end of its positions: each module has its own time. */
const STAMP = /:\d{13}$/;

const SEEDS = Array.from({ length: 6 }, (_, seed) => seed);

afterEach(closeTestApps);

/** What the twins of two brokers draw from. */
async function randoms(options: TestingOptions): Promise<Random[]> {
  const seen: Random[] = [];
  const definitions = ['one', 'other'].map((name) => {
    const definition = natsBroker({ name, client: {} });
    const twin = async () => {
      const driver = await definition.twin();
      const connect = driver.connect.bind(driver);
      driver.connect = (io: DriverContext, signal) => {
        seen.push(randomOf(io));
        return connect(io, signal);
      };
      return driver;
    };
    return { ...definition, twin };
  });
  await testApp([], { definitions, ...options });
  return seen;
}

/** A reader on every kind of lane; what happened is kept in order. */
@Injectable()
class Handlers {
  readonly happened: string[] = [];
  failing = 2;

  constructor(@InjectBroker('events') private readonly events: Broker) {}

  @Subscribe('orders', 'incoming')
  @PublishTo('events', toStream('log.new'))
  @PublishTo('events', 'shared')
  bridge(@Payload() text: string) {
    return this.#saw('bridge', text);
  }

  @Subscribe('events', stream('LOG', { subjects: ['log.>'], durable: 'log' }), { retry: { attempts: 3 } })
  log(@Payload() text: string) {
    if (this.failing-- > 0) throw new Error('again');
    this.#saw('log', text);
  }

  @Subscribe('events', 'shared')
  first(@Payload() text: string) {
    this.#saw('first', text);
  }

  @Subscribe('events', 'shared')
  async second(@Payload() text: string) {
    this.#saw('second', text);
    const { payload } = await this.events.request<string>('price', text);
    this.#saw('answer', payload);
  }

  @Subscribe('events', 'price')
  price(@Payload() text: string) {
    return this.#saw('price', text);
  }

  #saw(handler: string, text: string): string {
    this.happened.push(`${handler} ${text}`);
    return text;
  }
}

interface Run {
  readonly happened: readonly string[];
  readonly timeline: string;
  readonly deliveries: readonly string[];
}

/** Two messages for each of three keys at once, and two without a key. */
async function run(seed: number | undefined): Promise<Run> {
  const { harness, get, broker } = await testApp([Handlers], seed === undefined ? {} : { seed });
  const orders = broker('orders');
  const keyed = ['a1', 'b1', 'c1', 'a2', 'b2', 'c2'].map((text) => orders.publish('incoming', text, { key: text[0]! }));
  await Promise.all([...keyed, orders.publish('incoming', 'x1'), orders.publish('incoming', 'x2')]);
  await harness.settled();
  const { happened } = get(Handlers);
  const deliveries = harness
    .deliveries()
    .map(({ handler, position, outcome }) => `${handler} ${position.replace(STAMP, '')} ${outcome}`);
  return { happened, timeline: String(harness.timeline()), deliveries };
}

/** What became of messages with this first letter at one handler, in order. */
function seen({ happened }: Run, handler: string, letter: string): string[] {
  return happened
    .filter((line) => line.startsWith(`${handler} ${letter}`))
    .map((line) => line.slice(handler.length + 1));
}

describe('the seed of a testing module', () => {
  it('is drawn from by all twins, on whichever bus, as one row of numbers; without one nothing is drawn', async () => {
    const [one, other] = await randoms({ seed: 42, bus: 'by-broker' });
    expect(one).not.toBe(IN_ORDER);
    expect(other).toBe(one);
    expect(await randoms({})).toEqual([IN_ORDER, IN_ORDER]);
  });

  it('repeats a run: the same timeline, the same order, the same positions', async () => {
    for (const seed of [0, 1, 2]) expect(await run(seed)).toEqual(await run(seed));
    expect(await run(undefined)).toEqual(await run(undefined));
  });

  it('varies it: other seeds interleave otherwise', async () => {
    const orders = new Set<string>();
    for (const seed of SEEDS) orders.add(JSON.stringify((await run(seed)).happened));
    expect(orders.size).toBeGreaterThan(SEEDS.length / 2);
  });

  it('changes what is served first, never the order of a key or what is handled', async () => {
    const plain = await run(undefined);
    for (const seed of SEEDS) {
      const drawn = await run(seed);
      expect([...drawn.happened].sort()).toEqual([...plain.happened].sort());
      for (const letter of 'abc') expect(seen(drawn, 'bridge', letter)).toEqual([`${letter}1`, `${letter}2`]);
    }
  });

  it('leaves timers that are due at one moment in the order in which they were set', async () => {
    for (const seed of SEEDS) {
      const turns = new DeliveryTurns(seeded(seed));
      const clock = new TestClock(turns);
      const fired: number[] = [];
      for (const timer of [1, 2, 3, 4]) clock.after(0, () => fired.push(timer));
      await turns.idle();
      expect(fired).toEqual([1, 2, 3, 4]);
    }
  });

  it('is named wherever a failure is told, so that the run can be repeated', async () => {
    @Injectable()
    class Fails {
      @Subscribe('orders', 'in', { ack: 'reject-on-error', retry: { attempts: 1 } })
      fail(@Payload() text: string) {
        throw new Error(text);
      }

      @Subscribe('orders', 'stuck')
      stuck() {
        return new Promise(() => {});
      }
    }
    const { harness, broker } = await testApp([Fails], { seed: 4711, settleTimeoutMs: 50 });
    const caught = (promise: Promise<unknown>): Promise<Error> =>
      promise.then(
        () => new Error('It did not fail'),
        (thrown: unknown) => thrown as Error,
      );
    const one = await caught(harness.publish('orders', 'in', 'one'));
    expect([one.message, one.stack]).toEqual(['one', expect.stringMatching(/^Seed 4711$/m)]);
    await Promise.all(['a', 'b'].map((text) => broker('orders').publish('in', text)));
    expect((await caught(harness.settled())).message).toMatch(/^2 failures:.*^Seed 4711$/ms);
    expect((await caught(harness.waitFor(() => false, { timeoutMs: 1 }))).message).toMatch(/^Seed 4711$/m);
    expect((await caught(harness.publish('orders', 'stuck', 'x'))).message).toMatch(/^Seed 4711$/m);
    expect(String(harness.timeline())).toMatch(/^Seed 4711\n'orders' ← in "one"/);
    expect(harness.timeline().seed).toBe(4711);
  });

  it('is not spoken of where there is none', async () => {
    const { harness } = await testApp([]);
    expect(harness.timeline().seed).toBeUndefined();
    expect(String(harness.timeline())).not.toMatch(/seed/i);
  });

  it('has messages without a key begin on different partitions', async () => {
    const begins = new Set<string>();
    for (const seed of SEEDS) {
      const { broker } = await testApp([], { seed });
      begins.add((await broker('orders').publish('unread', 'x')).position!);
    }
    expect(begins.size).toBeGreaterThan(2);
  });
});
