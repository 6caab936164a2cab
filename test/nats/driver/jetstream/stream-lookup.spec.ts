import { describe, expect, it } from '@jest/globals';

import type { Clock } from '../../../../lib/async/index.js';
import type { DriverContext } from '../../../../lib/driver/index.js';
import type { JetStreamApi } from '../../../../lib/nats/driver/jetstream/jetstream-api.js';
import { StreamLookup } from '../../../../lib/nats/driver/jetstream/stream-lookup.js';
import { PublishErrors } from '../../../../lib/nats/driver/connection/publish-errors.js';
import { natsBroker, toStream } from '../../../../lib/nats/index.js';
import { VirtualClock } from '../../../../lib/twin/index.js';
import { type Logged, testIo } from '../../../integration/nats/support.js';
import { turns } from '../../../support/turns.js';

interface FakeStream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly config?: object;
}

/** JetStream's API with these streams; it counts what it is asked. */
class FakeApi {
  readonly asked = { list: 0, find: 0, info: 0 };
  /** Codes of what is refused. */
  refuses: Partial<Record<'list' | 'find' | 'info', string>> = {};

  constructor(readonly streams: FakeStream[]) {}

  readonly api = { manager: async () => ({ streams: this.calls }) } as unknown as JetStreamApi;

  private readonly calls = {
    list: () => {
      let page = 0;
      return { next: async () => (this.count('list'), page++ === 0 ? this.streams.map(infoOf) : []) };
    },
    find: async (subject: string) => {
      this.count('find');
      const found = this.streams.find(({ subjects }) => subjects.includes(subject));
      if (found === undefined) throw new Error('no stream matches subject');
      return found.name;
    },
    info: async (name: string) => {
      this.count('info');
      return infoOf(this.streams.find((stream) => stream.name === name) ?? { name, subjects: [] });
    },
  };

  private count(call: 'list' | 'find' | 'info'): void {
    this.asked[call]++;
    const code = this.refuses[call];
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  }
}

const infoOf = ({ name, subjects, config }: FakeStream) => ({
  config: { name, subjects, duplicate_window: 1e9, ...config },
});

const { destination } = natsBroker({ name: 'events', client: {} });

function knownOf(fake: FakeApi, log: Logged[] = [], clock?: Clock): StreamLookup {
  const io: DriverContext = testIo([], log);
  return new StreamLookup('events', fake.api, new PublishErrors('events'), { ...io, clock: clock ?? io.clock });
}

describe('what is known of the streams', () => {
  it('warns of a short duplicate_window once for each stream, however often it is forgotten', async () => {
    const fake = new FakeApi([]);
    const log: Logged[] = [];
    const known = knownOf(fake, log);
    for (const stream of ['S', 'S', 'T']) {
      known.acked(destination(toStream('a')), stream);
      await turns();
      known.forget();
    }
    expect(fake.asked.info).toBe(3);
    expect(log.map(({ message }) => message)).toEqual([
      expect.stringContaining('stream S'),
      expect.stringContaining('stream T'),
    ]);
  });

  it.each(['core', 'jetstream'])('takes one request for any number of subjects (%s)', async (via) => {
    const fake = new FakeApi([{ name: 'S', subjects: ['s.>'] }]);
    const known = knownOf(fake);
    const subjects = Array.from({ length: 20_000 }, (_, index) => `${via === 'core' ? 'x' : 's'}.${index}`);
    await Promise.all(
      subjects.map((subject) =>
        via === 'core' ? known.warnIfCaptured(destination(subject)) : known.check(destination(toStream(subject))),
      ),
    );
    expect([fake.asked.list <= 2, fake.asked.find, fake.asked.info]).toEqual([true, 0, 0]);
  });

  it('warns of a stream that captures a core subject once, however many of its subjects are published to', async () => {
    const log: Logged[] = [];
    const known = knownOf(new FakeApi([{ name: 'S', subjects: ['s.>'] }]), log);
    for (const subject of ['x.1', 's.1', 's.2']) await known.warnIfCaptured(destination(subject));
    expect(log.map(({ message }) => message)).toEqual([expect.stringContaining("stream S captures 's.1'")]);
  });

  it('looks again a minute later, for a stream that was made meanwhile', async () => {
    const clock = new VirtualClock();
    const fake = new FakeApi([]);
    const log: Logged[] = [];
    const known = knownOf(fake, log, clock);
    await known.warnIfCaptured(destination('s.1'));
    fake.streams.push({ name: 'S', subjects: ['s.>'] });
    await known.warnIfCaptured(destination('s.2'));
    const soon = log.length;
    clock.advance(60_000);
    await known.warnIfCaptured(destination('s.3'));
    expect([soon, log.length, fake.asked.find]).toEqual([0, 1, 0]);
  });

  it('asks no more than some questions a second where the streams may not be listed', async () => {
    const fake = new FakeApi([{ name: 'S', subjects: ['s.1'] }]);
    fake.refuses = { list: 'PERMISSIONS_VIOLATION' };
    const log: Logged[] = [];
    const known = knownOf(fake, log);
    await known.warnIfCaptured(destination('s.1'));
    for (let index = 0; index < 1_000; index++) await known.warnIfCaptured(destination(`x.${index}`));
    expect([fake.asked.list <= 2, fake.asked.find <= 50, log.length]).toEqual([true, true, 1]);
  });

  it.each(['503', 'PERMISSIONS_VIOLATION', 'TIMEOUT'])('does without an API that answers %s', async (code) => {
    const fake = new FakeApi([]);
    fake.refuses = { list: code, find: code, info: code };
    const known = knownOf(fake);
    for (let index = 0; index < 1_000; index++) await known.warnIfCaptured(destination(`x.${index}`));
    expect(fake.asked.list + fake.asked.find).toBeLessThan(60);
  });

  const DENIED = 'PERMISSIONS_VIOLATION';

  it('asks once a minute for what is refused, and warns of a subject that came meanwhile once it is allowed', async () => {
    const clock = new VirtualClock();
    const fake = new FakeApi([{ name: 'S', subjects: ['s.>'] }]);
    fake.refuses = { list: DENIED, find: DENIED };
    const log: Logged[] = [];
    const known = knownOf(fake, log, clock);
    const look = async () => {
      for (let index = 0; index < 100; index++) {
        await known.warnIfCaptured(destination('s.1'));
        await known.check(destination(toStream(`s.${index}`)));
        clock.advance(599);
      }
    };
    await look();
    expect(fake.asked).toEqual({ list: 1, find: 1, info: 0 });
    clock.advance(100);
    await look();
    expect(fake.asked).toEqual({ list: 2, find: 2, info: 0 });
    fake.refuses = {};
    clock.advance(100);
    await known.warnIfCaptured(destination('s.1'));
    expect(log.map(({ message }) => message)).toEqual([expect.stringContaining("stream S captures 's.1'")]);
  });

  it('warns by the list where single streams may not be looked up', async () => {
    const fake = new FakeApi([]);
    fake.refuses = { find: DENIED };
    const log: Logged[] = [];
    const clock = new VirtualClock();
    const known = knownOf(fake, log, clock);
    await known.missing(destination(toStream('s.1')));
    fake.streams.push({ name: 'S', subjects: ['s.>'] });
    await known.warnIfCaptured(destination('s.1'));
    expect([fake.asked.find, log.length]).toEqual([1, 1]);
  });

  it('reads the configuration of a stream that it may not read once a minute, however many PubAcks come', async () => {
    const clock = new VirtualClock();
    const config = { duplicate_window: 1e9 };
    const fake = new FakeApi([{ name: 'S', subjects: ['s'], config }]);
    fake.refuses = { info: DENIED };
    const log: Logged[] = [];
    const known = knownOf(fake, log, clock);
    const acked = async () => {
      for (let index = 0; index < 100; index++) known.acked(destination(toStream('s')), 'S');
      await turns();
    };
    await acked();
    clock.advance(59_999);
    await acked();
    expect(fake.asked.info).toBe(1);
    clock.advance(1);
    await acked();
    expect([fake.asked.info, log]).toEqual([2, []]);
    fake.refuses = {};
    clock.advance(60_000);
    await acked();
    await acked();
    expect([fake.asked.info, log.map(({ message }) => message)]).toEqual([
      3,
      [expect.stringContaining('duplicate_window')],
    ]);
  });

  const batched = { allow_batched: true, num_replicas: 1, duplicate_window: 120e9 };
  it.each([
    ['with allow_batched', batched, true],
    ['without', { ...batched, allow_batched: false }, false],
    ['with replicas, whose leader may confirm a batch and lose it', { ...batched, num_replicas: 3 }, false],
    ['that hardly remembers ids, which tell what is stored of a batch', { ...batched, duplicate_window: 1e9 }, false],
    ['that remembers none', { ...batched, duplicate_window: undefined }, false],
  ])('knows where results go as a batch: a stream %s', async (_which, config, expected) => {
    const known = knownOf(new FakeApi([{ name: 'S', subjects: ['s'], config }]));
    const to = destination(toStream('s'));
    await known.check(to);
    expect([known.streamOf(to)?.ingests, await known.stillIngests(to)]).toEqual([expected, expected]);
  });

  it('looks again ten seconds later, whether the stream has got replicas, and not more often', async () => {
    const clock = new VirtualClock();
    const fake = new FakeApi([{ name: 'S', subjects: ['s'], config: batched }]);
    const known = knownOf(fake, [], clock);
    const to = destination(toStream('s'));
    await known.check(to);
    clock.advance(9_999);
    expect([await known.stillIngests(to), fake.asked.info]).toEqual([true, 0]);
    clock.advance(1);
    expect([await known.stillIngests(to), await known.stillIngests(to), fake.asked.info]).toEqual([true, true, 1]);
    fake.streams.splice(0, 1, { name: 'S', subjects: ['s'], config: { ...batched, num_replicas: 3 } });
    clock.advance(10_000);
    expect(await known.stillIngests(to)).toBe(false);
  });

  it('knows of no batches where the stream cannot be asked any more', async () => {
    const clock = new VirtualClock();
    const fake = new FakeApi([{ name: 'S', subjects: ['s'], config: batched }]);
    const known = knownOf(fake, [], clock);
    const to = destination(toStream('s'));
    await known.check(to);
    fake.refuses = { info: 'TIMEOUT' };
    clock.advance(10_000);
    expect(await known.stillIngests(to)).toBe(false);
  });
});
