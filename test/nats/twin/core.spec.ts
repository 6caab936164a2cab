import { describe, expect, it } from '@jest/globals';
import { BytesMessage, type Incoming } from '../../../lib/driver/index.js';
import { natsBroker, subject } from '../../../lib/nats/index.js';
import { seeded } from '../../../lib/twin/index.js';
import { message, positions, TwinBench } from '../../support/twin-bench.js';

const events = natsBroker({ name: 'events', client: {} });
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `m${i}`);

describe('subjects of the NATS twin', () => {
  it('match wildcards, and tell what these stand for', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const one = await bench.read(driver, events.source('orders.*.new'));
    const rest = await bench.read(driver, events.source('orders.>'));
    for (const name of ['orders.eu.new', 'orders.eu', 'orders', 'orders.eu.a.new']) {
      await bench.publish(driver, events.destination(name), name);
    }
    expect(one.texts).toEqual(['orders.eu.new']);
    expect(one.got[0]!.message.params).toEqual({ '0': 'eu' });
    expect(rest.texts).toEqual(['orders.eu.new', 'orders.eu', 'orders.eu.a.new']);
    expect(rest.got[2]!.message.params).toEqual({ '0': 'eu.a.new' });
  });

  it('trim the content type of bytes that are passed on, as nats.js reads every header', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, events.source('a'));
    const origin = { position: 'p' } as Incoming;
    const passedOn = new BytesMessage(Buffer.from([255]), ' image/png ', origin, undefined, '1', 'c');
    await bench.publish(driver, events.destination('a'), passedOn);
    expect(reader.got[0]!.message.headers()).toMatchObject({ 'content-type': 'image/png', 'correlation-id': 'c' });
  });

  it('keep nothing for who reads later', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const outcomes = await bench.publish(driver, events.destination('a'), 'nobody reads');
    const late = await bench.read(driver, events.source('a'));
    expect([outcomes, late.texts]).toEqual([[{ receipt: {} }], []]);
  });

  it('go to everybody alone, and to one of each queue group in turn', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const alone = await bench.read(driver, events.source('a'));
    const member = () => bench.read(driver, events.source(subject('a', { queue: 'q' })));
    const [one, two] = [await member(), await member()];
    const other = await bench.read(driver, events.source(subject('a', { queue: 'other' })));
    await bench.publish(driver, events.destination('a'), ...numbered(6));
    expect(alone.texts).toEqual(numbered(6));
    expect(one.texts).toEqual(['m0', 'm2', 'm4']);
    expect(two.texts).toEqual(['m1', 'm3', 'm5']);
    expect(other.texts).toEqual(numbered(6));
  });

  it('go to a member of a queue group that a seed draws, each message to one', async () => {
    const sharesOf = async (seed: number): Promise<string[][]> => {
      const bench = new TwinBench(seeded(seed));
      const driver = await bench.connect(events);
      const member = () => bench.read(driver, events.source(subject('a', { queue: 'q' })));
      const [one, two] = [await member(), await member()];
      await bench.publish(driver, events.destination('a'), ...numbered(9));
      expect([...one.texts, ...two.texts].sort()).toEqual(numbered(9));
      return [one.texts, two.texts];
    };
    expect(await sharesOf(1)).toEqual(await sharesOf(1));
    const shares = new Set<string>();
    for (let seed = 0; seed < 10; seed++) shares.add(JSON.stringify(await sharesOf(seed)));
    expect(shares.size).toBeGreaterThan(5);
  });

  it('share a queue over different patterns that match, as the server does', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const wide = await bench.read(driver, events.source(subject('a.>', { queue: 'q' })));
    const exact = await bench.read(driver, events.source(subject('a.b', { queue: 'q' })));
    await bench.publish(driver, events.destination('a.b'), ...numbered(4));
    await bench.publish(driver, events.destination('a.c'), 'only wide');
    expect([wide.texts.length, exact.texts.length]).toEqual([3, 2]);
    expect(wide.texts).toContain('only wide');
  });

  it('have queue groups of their broker: the same queue on two brokers is two groups', async () => {
    const bench = new TwinBench();
    const others = natsBroker({ name: 'others', client: {} });
    const driver = await bench.connect(events);
    const one = await bench.read(driver, events.source(subject('a', { queue: 'q' })));
    const other = await bench.read(await bench.connect(others), others.source(subject('a', { queue: 'q' })));
    await bench.publish(driver, events.destination('a'), ...numbered(4));
    expect([one.texts, other.texts]).toEqual([numbered(4), numbered(4)]);
  });

  it('carry the key as a header that is not shown as one, and leave out what the server would act on', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, events.source('a'));
    const headers = { 'x-a': '1', 'Nats-Rollup': 'all', 'Message-Key': 'forged' };
    await bench.publish(driver, events.destination('a'), message('x', { key: 'k', headers }));
    const { message: got } = reader.got[0]!;
    expect([got.key, got.headers()]).toEqual(['k', { 'x-a': '1' }]);
    expect(got.raw).toMatchObject({ subject: 'a', headers: { 'message-key': 'k' } });
  });

  it('take 1 MB, headers included, and no more', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const to = events.destination('a');
    const fits = await bench.publish(driver, to, { body: Buffer.alloc(1_048_576) });
    const headers = { a: 'b' };
    const over = await bench.publish(driver, to, { body: Buffer.alloc(1_048_576 - 10), headers });
    expect([fits, positions(over)]).toEqual([[{ receipt: {} }], ['MULTI_BROKER_PAYLOAD_TOO_LARGE']]);
  });
});
