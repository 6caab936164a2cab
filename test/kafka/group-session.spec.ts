import { afterEach, describe, expect, it } from '@jest/globals';

import * as kafkajs from 'kafkajs';

import type { Clock } from '../../lib/async/index.js';
import { DeletedTopics } from '../../lib/kafka/driver/consumer/subscribed-topics.js';
import { HaltedPartitions } from '../../lib/kafka/driver/consumer/halted-partitions.js';
import { kafkajsClient } from '../../lib/kafka/driver/kafkajs/adapter.js';
import { RefusedTopics } from '../../lib/kafka/driver/consumer/refused-topics.js';
import { OffsetLoss } from '../../lib/kafka/driver/consumer/initial-offsets.js';
import { GroupSession } from '../../lib/kafka/driver/consumer/group-session.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { until } from '../../tools/brokers/index.mjs';
import { recordingIo } from '../support/kafka/connected.js';
import { FakeClient } from '../support/kafka/fake-client.js';
import { RecordingSink } from '../support/kafka/recording-sink.js';

const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const sessions: GroupSession[] = [];

function session(
  client = new FakeClient(),
  { fromBeginning = true, clock }: { fromBeginning?: boolean; clock?: Clock } = {},
) {
  const { io } = recordingIo();
  const sink = new RecordingSink();
  const downs: string[] = [];
  const options = { name: 'orders', groupId: 'g', client: { brokers: ['h:1'] }, commitIntervalMs: 5 };
  const definition = kafkaBroker(options);
  const adapter = kafkajsClient(kafkajs, options);
  const one = new GroupSession({
    io: { ...io, clock: clock ?? io.clock },
    settings: definition.options,
    groupId: 'g',
    cluster: 'c',
    client: adapter,
    makeClient: () => client.client,
    subscriptions: [{ spec: definition.source(topic('topic', { fromBeginning })), sink, quiet: false }],
    halted: new HaltedPartitions('g', io, adapter.failures),
    refused: new RefusedTopics('g', io, adapter.failures),
    deleted: new DeletedTopics('g', io),
    losses: new OffsetLoss('g', io),
    onSessionEnded: (_session, cause) => void downs.push(cause.message),
  });
  sessions.push(one);
  return { one, client, sink, downs, start: () => one.start(AbortSignal.timeout(5_000)) };
}

const seeks = ({ calls }: FakeClient): string[] => calls.filter((call) => call.startsWith('seek'));

describe("the session of a group's consumer", () => {
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((one) => one.dispose()));
  });

  it('is not begun by a join that failed, though kafkajs resolves run() (#1721)', async () => {
    const client = new FakeClient();
    client.joins = false;
    client.running = new Promise((resolve) =>
      setImmediate(() => (client.crash(new Error('no such group')), resolve())),
    );
    const { start, downs } = session(client);
    await expect(start()).rejects.toThrow('no such group');
    expect(downs).toEqual(['no such group']);
  });

  it('goes to the end of a new group that begins there, before kafkajs fetches, and stores it', async () => {
    const { start, client } = session(new FakeClient(), { fromBeginning: false });
    await start();
    expect([seeks(client), client.calls.indexOf('seek 0@10') < client.calls.indexOf('running')]).toEqual([
      ['seek 0@10', 'seek 1@10'],
      true,
    ]);
    expect([...client.committed.values()]).toEqual(['10', '10']);
  });

  it('goes where another member has come to since', async () => {
    const client = new FakeClient();
    const { start } = session(client, { fromBeginning: false });
    client.running = new Promise((resolve) =>
      setImmediate(() => (client.committed.set('topic/0', '17').set('topic/1', '10'), resolve())),
    );
    await start();
    expect(seeks(client)).toEqual(['seek 0@10', 'seek 1@10', 'seek 0@17']);
  });

  it('is not begun while kafkajs says that it committed the start, and did not (#507, #751)', async () => {
    const client = new FakeClient();
    client.commits = false;
    const { start, sink } = session(client);
    let begun = false;
    const starting = start().then(() => (begun = true));
    await turns();
    const before = [begun, sink.lanes.length];
    client.commits = true;
    await starting;
    expect([before, sink.lanes.length]).toEqual([[false, 0], 2]);
  });

  it('commits what is finished while kafkajs stops, which resolves commits outside of a batch and does none (#507)', async () => {
    const { one, start, client } = session();
    await start();
    await client.batch(0, [0, 1]);
    client.stops = true;
    await one.committer.flush(1_000);
    expect(client.committed.get('topic/0')).toBe('2');
  });

  it('goes on with a kept partition behind what was handed over: kafkajs would go back to what is committed', async () => {
    const { start, client, sink } = session();
    sink.keep = () => true;
    await start();
    await client.batch(0, [0, 1, 2]);
    client.join('member-1', { topic: [0] });
    expect(seeks(client)).toEqual(['seek 0@3']);
  });

  it('commits behind markers and aborted records, at the end of a batch or alone', async () => {
    const { start, client } = session();
    await start();
    await client.batch(0, [0, 1], 3);
    client.passed(1, 7);
    await until(() => client.committed.get('topic/0') === '4' && client.committed.get('topic/1') === '8', {
      what: 'both are committed',
    });
    client.passed(0, 9);
    await until(() => client.committed.get('topic/0') === '10', { what: 'the marker is passed' });
    client.join('member-1', { topic: [0] });
    expect(seeks(client)).toEqual(['seek 0@10']);
  });

  it('fetches again what went by without a message before the start was fixed', async () => {
    const client = new FakeClient();
    client.committed.set('topic/0', '1').set('topic/1', '1');
    client.running = new Promise((resolve) => setImmediate(() => (client.passed(0, 1), resolve())));
    const { start } = session(client);
    await start();
    expect(seeks(client)).toEqual(['seek 0@1']);
  });

  it('hands over nothing of a partition before its start is fixed, and fetches it again', async () => {
    const client = new FakeClient();
    client.commits = false;
    const { start, sink } = session(client);
    const starting = start();
    await turns();
    await client.batch(0, [0]);
    const before = [sink.texts, client.calls.filter((call) => call.startsWith('resolve'))];
    client.commits = true;
    await starting;
    await client.batch(0, [0]);
    expect([before, sink.texts]).toEqual([[[], []], ['m0']]);
  });

  it('commits what is finished as soon as the group is about to be joined anew', async () => {
    const clock = new VirtualClock();
    const { start, client } = session(new FakeClient(), { clock });
    await start();
    await client.batch(1, [0, 1, 2]);
    const before = client.committed.get('topic/1');
    client.emit('REBALANCING', {});
    await turns();
    expect([before, client.committed.get('topic/1')]).toEqual(['0', '3']);
  });

  it('is over when kafkajs crashes', async () => {
    const { start, client, downs } = session();
    await start();
    client.crash(new Error('crashed'));
    expect(downs).toEqual(['crashed']);
  });

  it('stopped while it starts, lets the start end before it disconnects, and cuts the connections then (#967, #1639)', async () => {
    const client = new FakeClient();
    let joined = (): void => undefined;
    client.running = new Promise((resolve) => (joined = resolve));
    const { one, start } = session(client);
    const starting = start().catch(() => undefined);
    await turns();
    const disposing = one.dispose();
    await turns();
    const early = client.calls.includes('disconnect');
    joined();
    await Promise.all([starting, disposing]);
    expect([early, client.calls.includes('disconnect'), client.killed]).toEqual([false, true, true]);
  });

  it('ends although kafkajs never does (#903, #1168)', async () => {
    const clock = new VirtualClock();
    const client = new FakeClient();
    client.disconnected = new Promise(() => undefined);
    const { one, start, sink } = session(client, { clock });
    await start();
    const disposing = one.dispose();
    await turns();
    const before = client.killed;
    clock.advance(3_000);
    await disposing;
    client.disconnected = Promise.resolve();
    expect([before, client.killed, sink.lanes.every(({ lost }) => lost.aborted)]).toEqual([false, true, true]);
  });
});
