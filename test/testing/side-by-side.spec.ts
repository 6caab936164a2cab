import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import { type Broker, Ctx, InjectBroker, type MessageContext, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';
import { open } from '../support/delivery-rig.js';
import { closeTestApps, testApp } from '../support/test-app.js';

let running = 0;
let most = 0;

/** A call that takes real time. */
async function work(ms = 2): Promise<void> {
  most = Math.max(most, ++running);
  await delay(ms);
  running--;
}

@Injectable()
class Handlers {
  readonly seen: string[] = [];
  failures = 0;
  /** The first message heard waits for one of another key. */
  private readonly released = open();

  @Subscribe('orders', 'created', { concurrency: 8 })
  @PublishTo('events', toStream('stored'), { forward: { key: true } })
  async onCreated(@Payload() text: string, @Ctx() { message }: MessageContext) {
    await work(text.endsWith('1') ? 20 : 1);
    if (text === 'poison' && this.failures-- > 0) throw new Error('not yet');
    this.seen.push(`${message.key ?? '-'} ${text}`);
    return text;
  }

  @Subscribe('events', stream('STORED', { subjects: ['stored'], durable: 'd' }), { concurrency: 4 })
  async onStored(@Payload() _text: string) {
    await work();
  }

  @Subscribe('events', 'heard', { concurrency: { perLane: 3, orderBy: ({ payload }) => String(payload).charAt(0) } })
  async onHeard(@Payload() text: string) {
    if (text === 'a1') await this.released.promise;
    if (text === 'b1') this.released.resolve();
    this.seen.push(text);
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerMessage {
  static made = 0;
  static readonly seen: [number, string][] = [];
  private readonly number = ++PerMessage.made;

  @Subscribe('orders', 'scoped', { concurrency: 4 })
  async on(@Payload() text: string) {
    await work();
    PerMessage.seen.push([this.number, text]);
  }
}

@Injectable()
class Asking {
  readonly ended: string[] = [];

  constructor(@InjectBroker('events') private readonly events: Broker) {}

  @Subscribe('orders', 'asks', { concurrency: 2 })
  async on(@Payload() what: string) {
    if (what === 'ask') await this.events.request('nobody.answers', 'x', { timeoutMs: 1_000 }).catch(() => undefined);
    else await delay(30);
    this.ended.push(what);
  }

  /** Hears it, and never answers. */
  @Subscribe('events', 'nobody.answers', { reply: false })
  hears() {}
}

const publishAll = async (to: Broker, address: string, texts: readonly string[]): Promise<void> => {
  await Promise.all(texts.map((text) => to.publish(address, text, { key: text.charAt(0) })));
};

afterEach(closeTestApps);

describe('handlers side by side on twins', () => {
  it('are all waited for, in the order of each key, over a bridge', async () => {
    most = 0;
    const { harness, broker, get } = await testApp([Handlers]);
    await publishAll(broker('orders'), 'created', ['a1', 'a2', 'b1', 'b2', 'c1', 'a3']);
    await harness.settled();
    const { seen } = get(Handlers);
    expect(seen).toHaveLength(6);
    for (const key of ['a', 'b']) {
      const of = seen.filter((text) => text.startsWith(key));
      expect(of).toEqual([...of].sort());
    }
    expect(most).toBeGreaterThan(1);
    expect(harness.handler(Handlers, 'onStored').mock.calls).toHaveLength(6);
    expect(harness.published('events', toStream('stored'))).toHaveLength(6);
    expect(harness.deliveries({ handler: 'Handlers.onCreated' }).map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 6 }, () => expect.anything()),
    );
    expect(harness.timeline().toString()).toContain('Handlers.onStored');
    expect(harness.pending()).toEqual([]);
  });

  it('hold the key of a message that fails, and no other, until the clock moves', async () => {
    const { harness, broker, get } = await testApp([Handlers]);
    const failures = harness.expectFailures();
    get(Handlers).failures = 3;
    await publishAll(broker('orders'), 'created', ['poison', 'p2', 'good', 'better']);
    await harness.settled();
    expect(get(Handlers).seen.sort()).toEqual(['b better', 'g good']);
    expect(harness.pending()).toEqual([expect.objectContaining({ why: 'hold', inMs: 1_000 }), expect.anything()]);
    await harness.clock.advance(1_000);
    expect(get(Handlers).seen.slice(2)).toEqual(['p poison', 'p p2']);
    expect(failures).toHaveLength(1);
  });

  it('are ordered by the payload where orderBy says so, on core NATS', async () => {
    const { harness, broker, get } = await testApp([Handlers]);
    for (const text of ['a1', 'a2', 'b1', 'a3']) await broker('events').publish('heard', text);
    await harness.settled();
    const { seen } = get(Handlers);
    expect(seen).toEqual(['b1', 'a1', 'a2', 'a3']);
  });

  it('have an instance each, where their class is scoped to requests', async () => {
    const { harness, broker } = await testApp([PerMessage]);
    await publishAll(broker('orders'), 'scoped', ['a1', 'a2', 'b1', 'c1']);
    await harness.settled();
    expect(new Set(PerMessage.seen.map(([number]) => number)).size).toBe(4);
    expect(PerMessage.seen).toHaveLength(4);
  });

  it('are those of a broker that says so, also where they subscribe by hand', async () => {
    const definition = natsBroker({ name: 'events', client: {}, concurrency: 4 });
    const { harness, broker } = await testApp([], { definitions: [definition] });
    [running, most] = [0, 0];
    await broker('events').subscribe('by-hand', () => work(10));
    await publishAll(broker('events'), 'by-hand', ['a1', 'b1', 'c1', 'd1', 'e1', 'f1', 'a2']);
    await harness.settled();
    expect([most, harness.deliveries().length]).toEqual([4, 7]);
  });

  it('are waited for beside one that waits for the clock', async () => {
    const { harness, broker, get } = await testApp([Asking]);
    await publishAll(broker('orders'), 'asks', ['ask', 'work']);
    await harness.settled();
    expect(get(Asking).ended).toEqual(['work']);
    await harness.clock.advance(1_000);
    expect(get(Asking).ended).toEqual(['work', 'ask']);
  });
});
