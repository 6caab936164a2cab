import { describe, expect, it } from '@jest/globals';

import type { Lane } from '../../../lib/driver/index.js';
import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { RecordingSink } from '../../support/kafka/recording-sink.js';
import { createTopic, kafkaClient, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

/** Texts to one partition each, not through the broker under test. */
async function write(topic: string, partitions: readonly number[], texts: readonly string[]): Promise<void> {
  const producer = kafkaClient().producer({
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
  });
  await producer.connect();
  await producer.send({
    topic,
    messages: partitions.flatMap((partition) => texts.map((value) => ({ partition, value }))),
  });
  await producer.disconnect();
}

/** A lane that is full until it is told to go on. */
function gate(): { wait: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const wait = new Promise<void>((resolve) => (open = resolve));
  return { wait, open };
}

const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index));
const at = (sink: RecordingSink, partition: number): string[] =>
  sink.taken.filter(({ lane }) => lane.name.endsWith(`[${partition}]`)).map(({ text }) => text);
const isLane = (lane: Lane, partition: number): boolean => lane.name.endsWith(`[${partition}]`);

whenBrokers(describe)('the flow of a Kafka partition', () => {
  closeAfterEach();

  it('stops while its lane is full, and the other partitions go on', async () => {
    const name = await createTopic(uniqueName('full'), 2);
    const { read } = await connected();
    const sink = new RecordingSink();
    const { wait, open } = gate();
    sink.full = (lane) => (isLane(lane, 0) ? wait : undefined);
    await read(name, { sink });
    await write(name, [0], numbers(5_000));
    await until(() => at(sink, 0).length > 0, { what: 'the first partition is full' });
    const taken = at(sink, 0).length;
    for (let round = 0; round < 5; round++) {
      await write(name, [1], numbers(1, round));
      await until(() => at(sink, 1).length === round + 1, { what: 'the second partition goes on', timeoutMs: 2_000 });
    }
    expect(at(sink, 0)).toHaveLength(taken);
    open();
    await until(() => at(sink, 0).length >= 5_000, { what: 'the first partition goes on' });
    expect(at(sink, 0)).toEqual(numbers(5_000));
  });

  it('goes on in order, and with nothing lost, through thousands of short stops', async () => {
    const name = await createTopic(uniqueName('stops'), 3);
    const { read } = await connected();
    const sink = new RecordingSink();
    sink.full = () => new Promise((resolve) => setTimeout(resolve, 5));
    for (let round = 0; round < 6; round++) await write(name, [0, 1, 2], numbers(4_000, round * 4_000));
    await read(name, { sink });
    await sink.has(72_000, 40_000);
    for (const partition of [0, 1, 2]) expect(at(sink, partition)).toEqual(numbers(24_000));
  });

  it('keeps the member in its group, however long it is full', async () => {
    const name = await createTopic(uniqueName('long'), 1);
    const { read } = await connected({ consumer: { sessionTimeout: 6_000, heartbeatInterval: 500 } });
    const sink = new RecordingSink();
    const { wait, open } = gate();
    sink.full = () => wait;
    await write(name, [0], numbers(3_000));
    await read(name, { sink });
    await sink.has(1);
    // Longer than the session: the server would have given the partition away.
    const from = performance.now();
    await until(() => performance.now() - from > 8_000, {
      what: 'a session time-out has passed',
      timeoutMs: 10_000,
      everyMs: 200,
    });
    expect([sink.lanes.length, sink.lanes[0]!.lost.aborted]).toEqual([1, false]);
    open();
    await sink.has(3_000);
    expect(sink.texts).toEqual(numbers(3_000));
  });

  it('is not held by a stop of a former owner: a partition that comes back is read', async () => {
    const name = await createTopic(uniqueName('back'), 2);
    const groupId = uniqueName('group');
    const consumer = { heartbeatInterval: 100, rebalanceTimeout: 30_000 };
    const [one, other] = [await connected({ groupId, consumer }), await connected({ groupId, consumer })];
    const sink = new RecordingSink();
    const { wait } = gate();
    sink.full = () => wait;
    sink.keep = () => true;
    await one.read(name, { sink });
    await write(name, [0, 1], numbers(3_000));
    await until(() => at(sink, 0).length > 0 && at(sink, 1).length > 0, { what: 'both partitions are full' });
    const second = await other.read(name);
    await until(() => sink.lanes.some(({ lost }) => lost.aborted), { what: 'one partition is taken away' });
    const lost = sink.lanes.findIndex((lane) => lane.lost.aborted);
    await second.sink.has(3_000);
    sink.full = () => undefined;
    await other.driver.close();
    await until(() => sink.lanes.length === 3, { what: 'the partition comes back' });
    await write(name, [0, 1], ['after']);
    await until(() => at(sink, Number(/\[(\d)\]/.exec(sink.lanes[lost]!.name)![1])).includes('after'), {
      what: 'it is read',
    });
  });

  it('gives the event loop its turns while a large batch is handed over', async () => {
    const name = await createTopic(uniqueName('turns'), 1);
    const { read } = await connected();
    await write(name, [0], numbers(8_000));
    const sink = new RecordingSink();
    let turns = 0;
    const seen: number[] = [];
    const count = (): void => {
      turns++;
      if (sink.taken.length < 8_000) setImmediate(count);
    };
    const { take } = sink;
    sink.take = (lane, batch) => {
      seen.push(turns);
      return take.call(sink, lane, batch);
    };
    setImmediate(count);
    await read(name, { sink });
    await sink.has(8_000);
    const repeats = seen.filter((turn, index) => index > 0 && turn === seen[index - 1]).length;
    expect([seen.length >= 7, repeats]).toEqual([true, 0]);
  });

  it('goes on after an error that a sink throws, of whatever class', async () => {
    const name = await createTopic(uniqueName('throws'), 1);
    const broker = await connected();
    const sink = new RecordingSink();
    const { take } = sink;
    let thrown = 0;
    sink.take = (lane, batch) => {
      if (thrown++ === 0) throw new TypeError('a user error that would end kafkajs for good');
      return take.call(sink, lane, batch);
    };
    await broker.read(name, { sink });
    await broker.publish(name, 'first');
    await until(() => thrown > 0, { what: 'the sink has thrown' });
    await broker.publish(name, 'second');
    await sink.has(1);
    expect([sink.texts, sink.lanes.length, broker.log.some((line) => line.startsWith('error'))]).toEqual([
      ['second'],
      1,
      true,
    ]);
  });
});
