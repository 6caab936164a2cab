import { beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { Lane } from '../../../lib/driver/index.js';
import { type StreamOptions, toStream } from '../../../lib/nats/index.js';
import { type Proxy, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { StreamRig } from './stream-rig.js';
import { Collector, type Started, texts } from './support.js';

jest.setTimeout(60_000);

const HELD = 'held0';
const LATER = Array.from({ length: 20 }, (_, index) => `later${index}`);

/** Asks for a single message, so that the server has no pull of it to which it could give others. */
class WantsOne extends Collector {
  override opened(lane: Lane): void {
    super.opened(lane);
    lane.demand?.(1);
  }
}

whenNative(describe, 'nats')('a durable that two replicas read, deleted while one of them holds a message', () => {
  const { proxied, admin, facts, source } = new StreamRig();
  let name: string;
  let holder: Started & { readonly proxy: Proxy };
  let other: Started & { readonly proxy: Proxy };
  let sink: Collector;

  /** The holder takes one message and stays with it; the later ones are handled by the other one. */
  async function heldAndPassed(options: Partial<StreamOptions>): Promise<void> {
    const asked = { ackWaitMs: 60_000, ...options };
    const held = new WantsOne();
    await holder.subscribe(held, source(holder, name, asked));
    await publish(1, 'held');
    await held.until(1);
    holder.proxy.stall('toClient');
    await other.subscribe(sink, source(other, name, asked));
    await publish(LATER.length, 'later');
    await sink.until(LATER.length);
    expect(sink.texts).toEqual(LATER);
  }

  const publish = async (count: number, prefix: string): Promise<void> => {
    await other.driver.publish(other.definition.destination(toStream(`${name}.eu`)), texts(count, prefix));
  };

  /** By the other one, as nothing reaches the holder, which never comes back. */
  async function deletedAndMadeAgain(): Promise<void> {
    await (await admin()).consumers.delete(name, 'd');
    await until(() => sink.lanes.length === 2, { what: 'the other one has made it again' });
  }

  beforeEach(async () => {
    name = uniqueName('S');
    holder = await proxied();
    other = await proxied();
    sink = new Collector(() => 'ack');
  });

  it.each<[string, Partial<StreamOptions>]>([
    ["with deliver: 'new'", { deliver: 'new' }],
    ["with deliver: 'new' and a filter", { deliver: 'new', filter: '*.eu' }],
    ['with all that the stream holds', { deliver: 'all' }],
  ])('%s brings it to the other one when the holder dies', async (_title, options) => {
    const filter = options.filter === undefined ? {} : { filter: `${name}.eu` };
    await heldAndPassed({ ...options, ...filter });
    await deletedAndMadeAgain();
    await until(() => [HELD, ...LATER].every((one) => sink.texts.includes(one)), {
      what: 'the other one has handled every message',
    });
  });

  it('that a process without a place of its own makes again is told in the log of the others', async () => {
    await heldAndPassed({ deliver: 'new' });
    const { config } = await facts(name);
    const jsm = await admin();
    other.proxy.stall('toClient');
    await jsm.consumers.delete(name, 'd');
    await jsm.consumers.add(name, config);
    other.proxy.resume();
    await until(() => other.logs.some(({ message }) => message.includes('another process made it')), {
      what: 'the log says that messages are passed over',
    });
  });
});
