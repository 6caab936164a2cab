import { afterEach, describe, expect, it } from '@jest/globals';
import * as kafkajs from 'kafkajs';

import type { Clock } from '../../lib/async/index.js';
import type { Intake, Sink } from '../../lib/driver/index.js';
import { Groups } from '../../lib/kafka/driver/consumer/groups.js';
import { kafkajsClient } from '../../lib/kafka/driver/kafkajs/adapter.js';
import { KafkaConnectionState } from '../../lib/kafka/driver/connection-state.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { recordingIo } from '../support/kafka/connected.js';
import { FakeClient } from '../support/kafka/fake-client.js';
import { RecordingSink } from '../support/kafka/recording-sink.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

const open: Groups[] = [];

function make(clock?: Clock) {
  const recording = recordingIo().io;
  const io = { ...recording, clock: clock ?? recording.clock };
  const clients: FakeClient[] = [];
  const options = { name: 'orders', groupId: 'g', client: { brokers: ['h:1'] } };
  const definition = kafkaBroker(options);
  const place = { next: () => new FakeClient() };
  const groups = new Groups({
    io,
    settings: definition.options,
    cluster: 'c',
    makeClient: () => {
      const client = place.next();
      clients.push(client);
      return client.client;
    },
    client: kafkajsClient(kafkajs, options),
    connection: new KafkaConnectionState(io),
  });
  open.push(groups);
  const sinks: (RecordingSink & Pick<Sink, 'drain'>)[] = [];
  const read = (name: string, signal = AbortSignal.timeout(5_000)): Promise<Intake> => {
    const sink = new RecordingSink();
    sinks.push(sink);
    return groups.subscribe([definition.source(topic(name))], sink, signal);
  };
  const away = (): FakeClient => Object.assign(new FakeClient(), { connecting: new Promise<void>(() => undefined) });
  return { groups, clients, sinks, place, read, away };
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
    await first.stopFetching();
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
    await first.stopFetching();
    await first.close();
    fail(new Error('no other'));
    await refused;
    await turns(50);
    expect(clients.length).toBe(2);
  });

  it('takes a topic though another one, which came first, was given up while it started', async () => {
    const { clients, place, read } = make();
    const giveUp = new AbortController();
    let comeBack = (): void => undefined;
    const connecting = new Promise<void>((resolve) => (comeBack = resolve));
    place.next = () => Object.assign(new FakeClient(), { connecting });
    const refused = expect(read('other', giveUp.signal)).rejects.toMatchObject({
      code: 'MULTI_BROKER_SUBSCRIBE_FAILED',
    });
    const second = read('topic');
    await eventually(() => clients.length === 1);
    giveUp.abort();
    await refused;
    place.next = () => new FakeClient();
    comeBack();
    await (await second).close();
    // The first one was asked for by the client that came back, so another one joins.
    expect(clients.map(({ killed }) => killed)).toEqual([true, true]);
  });

  it('is not joined anew, nor left, for a topic that cannot be read or was given up', async () => {
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
    expect(clients.map(({ killed }) => killed)).toEqual([false, true, true]);
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
    expect([clients.map(({ killed }) => killed), groups.healthIssues()]).toEqual([[true], []]);
  });

  it('has no topic left while another one waits to be read: that one is read, and nothing in between', async () => {
    const clock = new VirtualClock();
    const { groups, clients, place, read, away } = make(clock);
    const first = await read('topic');
    place.next = away;
    clients[0]!.crash(new Error('gone'));
    await eventually(() => clients.length === 2);
    const second = read('other');
    await first.stopFetching();
    await first.close();
    place.next = () => new FakeClient();
    clients[1]!.crash(new Error('still gone'));
    await turns(50);
    clock.advance(500);
    const intake = await second;
    expect([clients.length, groups.healthIssues()]).toEqual([3, []]);
    await intake.close();
  });

  it('joins once for topics that come together, and once for those that come while it does', async () => {
    const { clients, place, read } = make();
    await read('topic');
    let join = (): void => undefined;
    place.next = () => Object.assign(new FakeClient(), { running: new Promise<void>((resolve) => (join = resolve)) });
    const first = ['a', 'b', 'c'].map((name) => read(name));
    await eventually(() => clients.length === 2);
    place.next = () => new FakeClient();
    await turns(20);
    const second = ['d', 'e'].map((name) => read(name));
    await turns(20);
    join();
    await Promise.all([...first, ...second]);
    expect(clients.map(({ killed }) => killed)).toEqual([true, true, false]);
  });

  it('refuses the one of them that is missing, and reads the others', async () => {
    const clock = new VirtualClock();
    const { clients, place, read } = make(clock);
    await read('topic');
    place.next = () => Object.assign(new FakeClient(), { missing: new Set(['b']) });
    const reads = ['a', 'b', 'c'].map((name) => read(name));
    for (let ask = 1; ask < 5; ask++) {
      await turns(20);
      clock.advance(200);
    }
    await expect(reads[1]).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
    await Promise.all([reads[0], reads[2]]);
    expect(clients.map(({ killed, joined }) => [killed, joined])).toEqual([
      [true, true],
      [true, false],
      [false, true],
    ]);
  });

  it('lets the handlers that run end before it is joined anew, and commits what they settle', async () => {
    const { clients, sinks, read } = make();
    await read('topic');
    const [sink] = sinks;
    let over = (): void => undefined;
    const ended = new Promise<void>((resolve) => (over = resolve));
    sink!.drain = async (lane) => {
      await ended;
      for (const taken of sink!.taken) if (taken.lane === lane) lane.settle(taken.message, 'ack');
    };
    sink!.keep = () => true;
    await clients[0]!.batch(0, [10]);
    const second = read('other');
    await turns(50);
    expect([clients[0]!.killed, sink!.lanes[0]!.lost.aborted, clients[1]!.joined]).toEqual([false, false, false]);
    over();
    await second;
    expect([clients[0]!.killed, clients[0]!.committed.get('topic/0')]).toEqual([true, '11']);
  });

  it('waits 5 s for them at most', async () => {
    const clock = new VirtualClock();
    const { clients, sinks, read } = make(clock);
    await read('topic');
    sinks[0]!.drain = () => new Promise(() => undefined);
    const second = read('other');
    await turns(50);
    clock.advance(4_999);
    await turns(50);
    expect(clients[0]!.killed).toBe(false);
    clock.advance(1);
    await second;
    expect(clients[0]!.killed).toBe(true);
  });

  it('has no health issues once it was left', async () => {
    const { groups, clients, place, read, away } = make();
    const first = await read('topic');
    place.next = away;
    clients[0]!.crash(new Error('gone'));
    await eventually(() => clients.length === 2);
    expect(groups.healthIssues()).toEqual([expect.stringContaining('is rejoining')]);
    await first.stopFetching();
    await first.close();
    expect(groups.healthIssues()).toEqual([]);
  });
});
