import { afterEach, describe, expect, it } from '@jest/globals';
import { AssignerProtocol } from 'kafkajs';

import type { Clock, Intake } from '../../lib/driver/index.js';
import { Groups } from '../../lib/kafka/driver/consumer/groups.js';
import { Link } from '../../lib/kafka/driver/link.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { recordingIo } from '../support/kafka/connected.js';
import { FakeClient } from '../support/kafka/fake-client.js';
import { RecordingSink } from '../support/kafka/recording-sink.js';
import { eventually, turns } from '../support/turns.js';

const open: Groups[] = [];

function make(clock?: Clock) {
  const recording = recordingIo().io;
  const io = { ...recording, clock: clock ?? recording.clock };
  const clients: FakeClient[] = [];
  const definition = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['h:1'] } });
  const place = { next: () => new FakeClient() };
  const groups = new Groups({
    io,
    settings: definition.options,
    cluster: 'c',
    makeClient: () => {
      const client = place.next();
      clients.push(client);
      return client;
    },
    protocol: AssignerProtocol,
    link: new Link(io),
  });
  open.push(groups);
  const read = (name: string, signal = AbortSignal.timeout(5_000)): Promise<Intake> =>
    groups.subscribe([definition.source(topic(name))], new RecordingSink(), signal);
  const away = (): FakeClient => Object.assign(new FakeClient(), { connecting: new Promise<void>(() => undefined) });
  return { groups, clients, place, read, away };
}

describe('a group of several topics', () => {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((groups) => groups.close()));
  });

  it('lets one topic go though the server is away, and comes back with the others', async () => {
    const { groups, clients, place, read, away } = make();
    const first = await read('topic');
    await read('other');
    place.next = away;
    await first.quiet();
    await first.close();
    await eventually(() => clients.length === 3);
    await groups.close();
  });

  it('does not read a topic again that was left while another one failed to start', async () => {
    const { clients, place, read } = make();
    const first = await read('topic');
    let fail = (_error: Error): void => undefined;
    const connecting = new Promise<void>((_, reject) => (fail = reject));
    const failing = Object.assign(new FakeClient(), { connecting });
    place.next = () => failing;
    const refused = expect(read('other')).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
    await eventually(() => clients.includes(failing));
    place.next = () => new FakeClient();
    await first.quiet();
    await first.close();
    fail(new Error('no other'));
    await refused;
    await turns(50);
    expect(clients.length).toBe(2);
  });

  it('takes a topic though another one, which came first, was given up while it started', async () => {
    const { clients, place, read, away } = make();
    const giveUp = new AbortController();
    place.next = away;
    const refused = expect(read('other', giveUp.signal)).rejects.toMatchObject({
      code: 'MULTI_BROKER_SUBSCRIBE_FAILED',
    });
    const second = read('topic');
    await eventually(() => clients.length === 1);
    place.next = () => new FakeClient();
    giveUp.abort();
    await refused;
    await (await second).close();
    expect(clients.map(({ killed }) => killed)).toEqual([true, true]);
  });

  it('joins once for the others after a topic that could not be read, and not at all for one that only waited', async () => {
    const { clients, place, read, away } = make();
    await read('topic');
    const [one, two] = [new AbortController(), new AbortController()];
    place.next = away;
    const refused = [read('one', one.signal), read('two', two.signal)].map((reading) =>
      expect(reading).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' }),
    );
    await eventually(() => clients.length === 2);
    place.next = () => new FakeClient();
    two.abort();
    await refused[1];
    one.abort();
    await refused[0];
    await turns(50);
    place.next = () => {
      place.next = () => new FakeClient();
      return Object.assign(new FakeClient(), { connecting: Promise.reject(new Error('no such topic')) });
    };
    await expect(read('three')).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
    await turns(50);
    expect(clients.map(({ killed }) => killed)).toEqual([true, true, true, true, false]);
  });

  it('is left once all that was to be read in it was given up, in whatever order', async () => {
    const { groups, clients, place, read, away } = make();
    const [one, two] = [new AbortController(), new AbortController()];
    place.next = away;
    const reads = [read('topic', one.signal), read('other', two.signal)].map((reading) =>
      expect(reading).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' }),
    );
    await eventually(() => clients.length === 1);
    two.abort();
    one.abort();
    await Promise.all(reads);
    expect([clients.map(({ killed }) => killed), groups.ailments()]).toEqual([[true], []]);
  });

  it('has no topic left while another one waits to be read: that one is read, and nothing in between', async () => {
    const clock = new VirtualClock();
    const { groups, clients, place, read, away } = make(clock);
    const first = await read('topic');
    place.next = away;
    clients[0]!.crash(new Error('gone'));
    await eventually(() => clients.length === 2);
    const second = read('other');
    await first.quiet();
    await first.close();
    place.next = () => new FakeClient();
    clients[1]!.crash(new Error('still gone'));
    await turns(50);
    clock.advance(500);
    const intake = await second;
    expect([clients.length, groups.ailments()]).toEqual([3, []]);
    await intake.close();
  });

  it('has no ailments once it was left', async () => {
    const { groups, clients, place, read, away } = make();
    const first = await read('topic');
    place.next = away;
    clients[0]!.crash(new Error('gone'));
    await eventually(() => clients.length === 2);
    expect(groups.ailments()).toEqual([expect.stringContaining('is being joined anew')]);
    await first.quiet();
    await first.close();
    expect(groups.ailments()).toEqual([]);
  });
});
