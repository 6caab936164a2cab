import { describe, expect, it } from '@jest/globals';

import type { Outgoing } from '../../../lib/driver/index.js';
import { partitionOfKey } from '../../../lib/kafka/partitioner.js';
import { type Cluster, type ClusterReader, realCluster, twinCluster } from '../../support/kafka/clusters.js';
import { closeAfterEach } from '../../support/kafka/connected.js';
import { uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

/** Runs on the twin and on the real cluster, with the same names. */
async function both<T>(run: (cluster: Cluster, name: string) => Promise<T>): Promise<{ twin: T; real: T }> {
  const name = uniqueName('twin.of');
  return { twin: await run(twinCluster(), name), real: await run(realCluster(), name) };
}

const text = (body: string, more: Omit<Outgoing, 'body'> = {}): Outgoing => ({ body: Buffer.from(body), ...more });
/** Of two partitions the first's and the other's. */
const keysOfBoth = [0, 1].map((partition) =>
  ['a', 'b', 'c', 'd', 'e'].find((key) => partitionOfKey(key, 2) === partition)!,
);
const keyed = (key: string): Outgoing => text('x', { key });

whenBrokers(describe)('the Kafka twin, beside a real cluster', () => {
  closeAfterEach();

  it('puts each message where the cluster puts it: with a key, without one, and in the first call to a topic', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      await cluster.createTopic(name, 4);
      const broker = await cluster.broker();
      return [
        await broker.publish(name, text('a'), text('b'), keyed('k'), text('c')),
        await broker.publish(name, text('d'), text('e')),
        await broker.publish(name, ...['', 'a', 'ü', '漢字', '😀', '\ud800', 'customer-7'].map(keyed)),
        await broker.publish(name, text('f')),
      ];
    });
    expect(twin).toEqual(real);
    expect(twin[0]![0]).toMatch(/\[0\]@0$/);
  });

  it('gives records of the same form: no key and an empty one, no value and an empty one, headers', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      await cluster.createTopic(name, 1);
      const broker = await cluster.broker();
      await broker.publish(name, text('a', { key: 'k', headers: { h: 'v', empty: '', ü: 'ö' } }));
      await broker.publish(name, { body: null, key: 'k' }, { body: null }, text('', { key: '' }), text('b'));
      const { sink } = await broker.read([name], { groupId: uniqueName('group') });
      await until(() => sink.taken.length === 5, { what: 'all are read' });
      return sink.taken.map(({ message }) => ({
        raw: withoutTime(message.raw),
        seen: [message.key, message.body && Buffer.from(message.body), { ...message.headers() }, message.deliveryCount],
        position: message.position.replace(/^kafka:[^:]+:/, '').replace(/:\d+$/, ''),
      }));
    });
    expect(twin).toEqual(real);
    expect(twin.map(({ seen }) => seen[1])).toEqual([Buffer.from('a'), null, null, Buffer.alloc(0), Buffer.from('b')]);
  });

  it('takes a message of as many bytes as the cluster takes, and not one more', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      await cluster.createTopic(name, 1);
      const broker = await cluster.broker();
      const size = (bytes: number, more = {}): Outgoing => ({ body: Buffer.alloc(bytes), ...more });
      const more = { key: 'ü', headers: { header: '漢字' } };
      return [
        ...(await broker.publish(name, size(1_048_516))),
        ...(await broker.publish(name, size(1_048_517))),
        ...(await broker.publish(name, size(1_048_500, more))),
        ...(await broker.publish(name, size(1_048_501, more))),
        ...(await broker.publish(name, text('small'), size(2_000_000), text('small'))),
      ];
    });
    expect(twin.map(withoutPlace)).toEqual(real.map(withoutPlace));
    expect(twin.filter((one) => one.includes('PAYLOAD_TOO_LARGE'))).toHaveLength(3);
  });

  it('refuses the topics that the cluster refuses, with the same code', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      const broker = await cluster.broker();
      await broker.publish(name, text('a'));
      const alike = name.replace('.', '_');
      return [
        await broker.publishAnyhow(alike, text('a')),
        await broker.publishAnyhow('__consumer_offsets', text('a')),
        await broker.publishAnyhow('__transaction_state', text('a')),
        await refusal(broker.read([alike], { groupId: uniqueName('group') })),
      ];
    });
    expect(twin).toEqual(real);
    expect(twin[0]).toBe('MULTI_BROKER_DESTINATION_UNKNOWN written: no retryable: false');
  });

  it('shares the partitions of several topics out as the cluster does', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      const topics = [`${name}-a`, `${name}-b`, `${name}-c`];
      for (const [index, partitions] of [1, 1, 3].entries()) await cluster.createTopic(topics[index]!, partitions);
      const groupId = uniqueName('group');
      const readers: ClusterReader[] = [];
      for (let member = 0; member < 2; member++) {
        readers.push(await (await cluster.broker()).read(topics, { groupId }));
      }
      const shares = (): string[] =>
        readers.map((reader) =>
          liveLanes(reader)
            .map((lane) => lane.slice(name.length))
            .join(' '),
        );
      await until(() => shares().join(' ').split(' ').length === 5, { what: 'each partition has one owner' });
      return shares().sort();
    });
    expect(twin).toEqual(real);
    expect(twin).toEqual(['-a[0] -c[0] -c[2]', '-b[0] -c[1]'].sort());
  });

  it('gives partitions to none but those who read the topic, where members of a group read different ones', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      const topics = [`${name}-a`, `${name}-b`, `${name}-c`];
      for (const [index, partitions] of [2, 3, 1].entries()) await cluster.createTopic(topics[index]!, partitions);
      const groupId = uniqueName('group');
      const readers: ClusterReader[] = [];
      for (const read of [[0], [0, 1], [2]]) {
        const some = read.map((index) => topics[index]!);
        readers.push(await (await cluster.broker()).read(some, { groupId }));
      }
      await until(() => readers.flatMap((reader) => liveLanes(reader)).length === 6, { what: 'each is read' });
      return readers.map((reader) =>
        liveLanes(reader)
          .map((lane) => lane.slice(name.length))
          .join(' '),
      );
    });
    expect(twin).toEqual(real);
    expect(twin).toEqual(['-a[0] -a[1]', '-b[0] -b[1] -b[2]', '-c[0]']);
  });

  it('stores where a group begins, also of partitions without a message', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      await cluster.createTopic(name, 3);
      const broker = await cluster.broker();
      await broker.publish(name, keyed('a'), keyed('a'));
      const groups = { early: uniqueName('early'), late: uniqueName('late') };
      await broker.read([name], { groupId: groups.early, keep: () => true });
      const late = await broker.read([name], { groupId: groups.late, fromBeginning: false });
      await late.leave();
      await broker.publish(name, text('missed', { key: 'a' }));
      const again = await broker.read([name], { groupId: groups.late, fromBeginning: false, keep: () => true });
      await until(() => again.sink.taken.length === 1, { what: 'what was missed is read' });
      return {
        early: await cluster.committed(groups.early, name),
        late: await cluster.committed(groups.late, name),
        read: again.sink.texts,
      };
    });
    expect(twin).toEqual(real);
    expect(twin.read).toEqual(['missed']);
  });

  it('commits up to the first that is not settled, and gives that and all behind it to the next member', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      await cluster.createTopic(name, 2);
      const groupId = uniqueName('group');
      const broker = await cluster.broker();
      for (const one of ['m0', 'm1', 'm2', 'm3', 'm4']) await broker.publish(name, text(one, { key: 'a' }));
      const first = await broker.read([name], { groupId, keep: (one) => one === 'm2' });
      await until(() => first.sink.taken.length === 5, { what: 'all are read' });
      await first.leave();
      const left = await cluster.committed(groupId, name);
      // What comes too late changes nothing.
      first.sink.settle(['m2']);
      const second = await broker.read([name], { groupId });
      await until(() => second.sink.taken.length === 3, { what: 'what was unsettled is read again' });
      await second.leave();
      return { left, again: second.sink.texts, done: await cluster.committed(groupId, name) };
    });
    expect(twin).toEqual(real);
    expect(twin.again).toEqual(['m2', 'm3', 'm4']);
  });

  it('takes a partition from a member in the midst of its work, whose late settlements then change nothing', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      await cluster.createTopic(name, 2);
      const groupId = uniqueName('group');
      const [one, other] = [await cluster.broker(), await cluster.broker()];
      const first = await one.read([name], { groupId, keep: () => true });
      await one.publish(name, ...keysOfBoth.map((key) => text(key, { key })));
      await until(() => first.sink.taken.length === 2, { what: 'both are read' });
      const second = await other.read([name], { groupId, keep: () => true });
      await until(() => second.sink.taken.length === 1, { what: 'the one that moved is read again' });
      await until(() => first.sink.lanes.some(({ lost }) => lost.aborted), { what: 'the old owner knows' });
      first.sink.settle(keysOfBoth);
      const lost = first.sink.lanes.filter((lane) => lane.lost.aborted);
      const moved = Number(/\[(\d)\]$/.exec(lost[0]!.name)![1]);
      await until(async () => (await cluster.committed(groupId, name))[1 - moved] === 1, {
        what: 'what stayed is committed',
      });
      await first.leave();
      await until(() => second.sink.lanes.length === 2, { what: 'the other has both' });
      return {
        lanes: [first.sink.lanes.length, lost.length],
        first: first.sink.texts.sort(),
        second: second.sink.taken.map(({ lane, message }) => [lane.name.endsWith(`[${moved}]`), message.deliveryCount]),
        committed: (await cluster.committed(groupId, name))[moved],
      };
    });
    expect(twin).toEqual(real);
    expect(twin).toEqual({ lanes: [2, 1], first: [...keysOfBoth].sort(), second: [[true, 1]], committed: 0 });
  });

  it('reads by a RegExp the topics that are there, each by one source', async () => {
    const { twin, real } = await both(async (cluster, name) => {
      await cluster.createTopic(`${name}.eu`, 1);
      await cluster.createTopic(`__${name}.us`, 1);
      const broker = await cluster.broker();
      await broker.publish(`${name}.eu`, text('eu'));
      await broker.publish(`__${name}.us`, text('us'));
      const groupId = uniqueName('group');
      const { sink } = await broker.read([new RegExp(`${name}\\.(?<region>\\w+)$`)], { groupId });
      await until(() => sink.taken.length === 1, { what: 'the topic is read' });
      const two = broker.read([new RegExp(`^${name}`), new RegExp(`${name}.eu`)], { groupId: uniqueName('group') });
      return [sink.texts, sink.lanes.length, sink.taken[0]!.message.params, await refusal(two)];
    });
    expect(twin).toEqual(real);
    expect(twin[3]).toBe('MULTI_BROKER_SOURCE_CLASH');
  });
});

/** The names of the lanes that a reader has. */
const liveLanes = ({ sink }: ClusterReader): string[] =>
  sink.lanes
    .filter(({ lost }) => !lost.aborted)
    .map(({ name }) => name)
    .sort();

/** What an undocumented field tells of the batch, and when it was written, is not compared. */
function withoutTime(raw: unknown): unknown {
  const { message, ...place } = raw as { message: { timestamp: string; batchContext?: unknown } };
  const { batchContext: _batch, timestamp, ...rest } = message;
  return { ...place, ...rest, timestamp: typeof timestamp };
}

/** A sound message may be written again when one of its request is refused: offsets are not compared. */
const withoutPlace = (outcome: string): string => outcome.replace(/@\d+$/, '');

const refusal = (refused: Promise<unknown>): Promise<unknown> =>
  refused.then(
    () => 'not refused',
    (thrown: unknown) => (thrown as { code?: unknown }).code,
  );
