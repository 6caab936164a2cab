import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import {
  type Broker,
  type BrokerDefinition,
  type ConcurrencyOptions,
  Ctx,
  type HandlerHandle,
  MessageContext,
  MultiBroker,
  NackMessage,
  type RetryOptions,
  Subscribe,
} from '../../lib/index.js';
import type { Destination } from '../../lib/driver/index.js';
import { stream, type StreamOptions, toStream } from '../../lib/nats/index.js';
import type { MultiBrokerHarness } from '../../lib/testing/index.js';
import { closeTestApps, type TestApp, testApp } from './test-app.js';

/** Twins or a real server. */
export interface World {
  readonly real: boolean;
  /** NATS as 'events'. */
  definition(): BrokerDefinition<'nats'>;
  /** Of a stream and its subject. */
  unique(name: string): string;
  /** Waits until twins are idle, and moves their clock that far; on a real server time passes by itself. */
  pass(harness: MultiBrokerHarness, ms: number): Promise<void>;
}

type Handle = (context: MessageContext<string>) => void;

const once: RetryOptions = { attempts: 1 };

/** Longer than the messages wait here: without extensions the server would deliver them a second time. */
const ACK_WAIT_MS = 1_000;

class Bench {
  /** `body attempt`, in the order of calls. */
  readonly calls: string[] = [];
  /** Bodies in the order in which they were handled. */
  readonly handled: string[] = [];
  private readonly subject: string;
  private readonly stream: string;
  private apps: TestApp[] = [];

  constructor(
    private readonly world: World,
    private readonly consumer: Partial<StreamOptions> = {},
  ) {
    this.subject = world.unique('keys');
    this.stream = world.unique('KEYS');
  }

  get destination(): Destination {
    return toStream(this.subject);
  }

  get broker(): Broker {
    return this.app.moduleRef.get(MultiBroker).get('events');
  }

  get harness(): MultiBrokerHarness {
    return this.app.harness;
  }

  async start(handle: Handle, concurrency: number | ConcurrencyOptions = 4): Promise<void> {
    const app = await testApp([this.handlers(handle, concurrency)], {
      definitions: [this.world.definition()],
      real: this.world.real,
    });
    app.harness.expectFailures();
    this.apps.push(app);
  }

  /** The first letter is the key; `-`: none. */
  async publish(...bodies: readonly string[]): Promise<void> {
    for (const body of bodies) {
      const key = body.startsWith('-') ? {} : { key: body.charAt(0) };
      await this.broker.publish(this.destination, body, key);
    }
  }

  async until(condition: () => unknown, passMs = 0): Promise<void> {
    await this.world.pass(this.harness, passMs);
    await this.harness.waitFor(condition, { timeoutMs: 30_000 });
  }

  get handle(): HandlerHandle {
    return this.app.moduleRef.get(MultiBroker).handlers[0] as HandlerHandle;
  }

  /** Nothing is unsettled on the server. */
  async settles(passMs = 0): Promise<void> {
    await this.until(async () => (await this.handle.lag()) === 0, passMs);
  }

  private get app(): TestApp {
    return this.apps.at(-1) as TestApp;
  }

  private handlers(handle: Handle, concurrency: number | ConcurrencyOptions): Type {
    const { calls, handled } = this;
    const source = stream(this.stream, {
      durable: 'd',
      subjects: [this.subject],
      storage: 'memory',
      ackWaitMs: ACK_WAIT_MS,
      ...this.consumer,
    });

    @Injectable()
    class Orders {
      @Subscribe('events', source, { concurrency, retry: once })
      on(@Ctx() context: MessageContext<string>) {
        const { payload, attempt } = context.message;
        calls.push(`${payload} ${String(attempt)}`);
        handle(context);
        handled.push(payload);
      }
    }
    return Orders;
  }
}

const failing =
  (body: string, times: number): Handle =>
  ({ message: { payload, attempt } }) => {
    if (payload === body && attempt <= times) throw new Error('not yet');
  };

/** The same promises of JetStream on the twin and on a real server. */
export function heldKeyScenarios(world: World): void {
  afterEach(closeTestApps);

  describe('a failed message with a key', () => {
    it('holds the later ones of its key for longer than ack_wait, and no others', async () => {
      const bench = new Bench(world);
      await bench.start(failing('a1', 2));
      await bench.publish('a1', 'a2', 'b1', 'a3', 'b2');
      await bench.until(() => bench.handled.length === 2);
      expect(bench.handled).toEqual(['b1', 'b2']);
      await bench.publish('c1', 'a4');
      await bench.until(() => bench.handled.length === 3);
      await bench.until(() => bench.handled.length === 7, 3_000);
      expect(bench.handled.slice(3)).toEqual(['a1', 'a2', 'a3', 'a4']);
      expect(bench.calls.filter((call) => call.startsWith('a'))).toEqual([
        'a1 1',
        'a1 2',
        'a1 3',
        'a2 1',
        'a3 1',
        'a4 1',
      ]);
      await bench.settles();
    });

    it('is named by health until it is handled', async () => {
      const bench = new Bench(world);
      await bench.start(failing('a1', 1));
      await bench.publish('a1');
      await bench.until(() => bench.broker.health().status === 'degraded');
      expect(bench.broker.health().reasons).toEqual([
        expect.stringMatching(/^Orders\.on on \S+ of broker 'events' \(\S+\) waits to be redelivered: not yet/),
      ]);
      await bench.until(() => bench.handled.length === 1, 1_000);
      expect(bench.broker.health()).toMatchObject({ status: 'up', reasons: [] });
    });

    it('is given back at a pause, and comes again as another delivery', async () => {
      const bench = new Bench(world);
      await bench.start(failing('a1', 1));
      await bench.publish('a1', 'a2');
      await bench.until(() => bench.calls.length === 1);
      bench.handle.pause();
      await bench.until(() => bench.broker.health().reasons.length === 0);
      bench.handle.resume();
      await bench.until(() => bench.handled.length === 2, 2_000);
      expect([...bench.handled].sort()).toEqual(['a1', 'a2']);
      expect(bench.calls).toContain('a1 2');
      await bench.settles();
    });
  });

  describe('a held key', () => {
    it('of which more messages come than max_ack_pending allows stalls its durable; health says so, and nothing is lost', async () => {
      const bench = new Bench(world, { maxAckPending: 12 });
      let isPoison = true;
      await bench.start(({ message }) => {
        if (message.payload === 'a0' && isPoison) throw new Error('poison');
      });
      const bodies = Array.from({ length: 40 }, (_, at) => `a${String(at)}`);
      await bench.publish('b1', ...bodies);
      const isStalled = () =>
        bench.broker.health().reasons.some((reason) => /wait for others of their key/.test(reason));
      await bench.until(isStalled, 8_000);
      expect(bench.broker.health().reasons).toEqual(expect.arrayContaining([expect.stringContaining('poison')]));
      expect(bench.handled).toEqual(['b1']);
      isPoison = false;
      await bench.until(() => bench.handled.length === 41, 60_000);
      expect(bench.handled.slice(1)).toEqual(bodies);
      await bench.settles();
      expect(bench.broker.health().status).toBe('up');
    });
  });

  describe('a nacked message with a key', () => {
    const ways: readonly [string, Handle][] = [
      ['by context.nack()', (context) => context.nack({ delayMs: 1_500 })],
      [
        'by a thrown NackMessage',
        () => {
          throw new NackMessage({ delayMs: 1_500 });
        },
      ],
    ];

    it.each(ways)('%s holds the later ones of its key for its delay', async (_, nack) => {
      const bench = new Bench(world);
      await bench.start((context) => {
        if (context.message.payload === 'a1' && context.message.attempt === 1) nack(context);
      });
      await bench.publish('a1', 'a2', 'b1');
      await bench.until(() => bench.handled.includes('b1'));
      expect(bench.calls).toEqual(['a1 1', 'b1 1']);
      await bench.until(() => bench.calls.length === 4, 1_500);
      expect(bench.calls.slice(2)).toEqual(['a1 2', 'a2 1']);
      await bench.settles();
    });
  });

  describe('a failed message goes back to the server, and later ones pass it', () => {
    const plain: readonly [string, number | ConcurrencyOptions, readonly string[]][] = [
      ['without a key', 4, ['-1', '-2', '-3']],
      ["with orderBy: 'none'", { perLane: 4, orderBy: 'none' }, ['a1', 'a2', 'a3']],
      ['where calls follow one another', 1, ['a1', 'a2', 'a3']],
    ];

    it.each(plain)('%s', async (_, concurrency, bodies) => {
      const bench = new Bench(world);
      const [first = ''] = bodies;
      await bench.start(failing(first, 1), concurrency);
      await bench.publish(...bodies);
      await bench.until(() => bench.handled.length === 2);
      expect([...bench.handled].sort()).toEqual(bodies.slice(1));
      await bench.until(() => bench.handled.length === 3, 1_000);
      await bench.settles();
    });

    it('where the durable has maxDeliver, which gives it up by its deliveries', async () => {
      const bench = new Bench(world, { maxDeliver: 2 });
      await bench.start(failing('a1', 9));
      await bench.publish('a1', 'a2', 'a3');
      await bench.until(() => bench.handled.length === 2);
      await bench.until(() => bench.calls.length === 4, 1_000);
      expect(bench.handled).toEqual(['a2', 'a3']);
      await bench.settles(2_000);
    });
  });
}
