import { afterEach, describe, expect, it } from '@jest/globals';
import type { ISocketFactory } from 'kafkajs';
import { connect } from 'node:net';

import type { Outcome } from '../../../lib/driver/index.js';
import { closeAfterEach, connected, outgoing } from '../../support/kafka/connected.js';
import { RecordingSink } from '../../support/kafka/recording-sink.js';
import { ON_KAFKAJS } from '../../support/kafka-library.js';
import {
  createTopic,
  type KafkaCluster,
  readAll,
  startKafkaCluster,
  uniqueName,
  until,
  whenNative,
} from '../../support/real-brokers.js';

const clusters: KafkaCluster[] = [];

async function cluster(options: Parameters<typeof startKafkaCluster>[0] = {}): Promise<KafkaCluster> {
  const started = await startKafkaCluster(options);
  clusters.push(started);
  return started;
}

const impatient = { retry: { retries: 1, initialRetryTime: 50 } };
const texts = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `m${from + index}`);
const timed = async (act: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await act();
  return performance.now() - from;
};

whenNative(describe, 'kafka')('a Kafka outage', () => {
  closeAfterEach();
  afterEach(async () => {
    await Promise.all(clusters.splice(0).map((one) => one.stop()));
  }, 60_000);

  it('ends: what was not confirmed said so, and reading and publishing go on by themselves', async () => {
    const { brokers, kill, restart } = await cluster();
    const name = await createTopic(uniqueName('outage'), 2, { brokers });
    // Where a heartbeat is due when the last node goes, kafkajs gives its consumer up: none is before the kill.
    const consumer = { sessionTimeout: 12_000, heartbeatInterval: 4_000 };
    const broker = await connected({ client: { brokers, ...impatient }, consumer });
    const { sink } = await broker.read(name);
    await broker.publish(name, ...texts(0, 10));
    await sink.has(10);
    await kill();
    await until(() => broker.states.at(-1) === 'reconnecting', { what: 'it is told' });
    const outcomes = await broker.driver.publish(broker.definition.destination(name), texts(10, 3).map(outgoing));
    expect(outcomes.map((outcome) => 'error' in outcome && outcome.error.retryable)).toEqual([true, true, true]);
    await until(() => broker.driver.healthIssues!().length > 0, {
      what: 'the group is a health issue',
      timeoutMs: 20_000,
    });
    await restart();
    await until(() => broker.states.at(-1) === 'up', { what: 'it is up again', timeoutMs: 30_000 });
    await until(async () => (await broker.publish(name, 'after'))[0]!.startsWith(name), { what: 'it publishes' });
    await until(() => sink.texts.includes('after'), { what: 'it reads', timeoutMs: 30_000 });
    expect([broker.driver.healthIssues!(), broker.states]).toEqual([[], ['reconnecting', 'up']]);
    expect(texts(0, 10).filter((text) => !sink.texts.includes(text))).toEqual([]);
    // As the same member: a new one would have to wait until the session of the old one is over.
    expect(broker.log.filter((line) => /lost its consumer/.test(line))).toEqual([]);
    // The broker tells the outage once, by its states: a client has a line for each try of each connection.
    const tries = broker.log.filter((line) => /ECONNREFUSED|could not connect/.test(line));
    expect(tries.length).toBeGreaterThan(10);
    expect(broker.log.filter((line) => !line.startsWith('debug'))).toEqual([]);
  }, 90_000);

  it("that ends kafkajs's consumer is followed by a new one, and no message is lost", async () => {
    const { brokers, proxies } = await cluster({ proxied: true });
    const name = await createTopic(uniqueName('crash'), 1, { brokers });
    // Without retries a cut connection is the end of the consumer; the old member's session has to pass then.
    const consumer = { sessionTimeout: 6_000, heartbeatInterval: 500, retry: { retries: 0 } };
    const broker = await connected({ client: { brokers }, consumer }, ON_KAFKAJS);
    const { sink } = await broker.read(name);
    await broker.publish(name, 'before');
    await sink.has(1);
    const first = sink.lanes[0]!;
    for (let round = 0; !first.lost.aborted; round++) {
      proxies[0]!.cut();
      await until(() => first.lost.aborted, { what: 'it crashes', timeoutMs: 1_000 }).catch((thrown: unknown) => {
        if (round === 10) throw thrown;
      });
    }
    await until(async () => (await broker.publish(name, 'after'))[0]!.startsWith(name), { what: 'it publishes' });
    await until(() => sink.texts.includes('after'), { what: 'it reads', timeoutMs: 30_000 });
    await until(() => broker.driver.healthIssues!().length === 0, { what: 'it is well' });
    expect(broker.log.filter((line) => /lost its consumer/.test(line)).length).toBeGreaterThan(0);
  }, 90_000);

  it("leaves no rejection unhandled where kafkajs's own goodbye fails (#702, #418)", async () => {
    const { brokers, proxies } = await cluster({ proxied: true });
    const name = await createTopic(uniqueName('goodbye'), 1, { brokers });
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', note);
    let refused = 0;
    const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      return Object.assign(socket, {
        end: () => {
          refused++;
          throw new Error('no goodbye');
        },
      });
    };
    const consumer = { sessionTimeout: 6_000, heartbeatInterval: 500, retry: { retries: 0 } };
    const broker = await connected({ client: { brokers, socketFactory }, consumer }, ON_KAFKAJS);
    const { sink } = await broker.read(name);
    const first = sink.lanes[0]!;
    await until(
      async () => {
        proxies[0]!.cut();
        await broker.publish(name, 'knock');
        return first.lost.aborted && refused > 0;
      },
      { what: 'it crashes, and says goodbye', timeoutMs: 20_000 },
    );
    await until(() => broker.driver.healthIssues!().length === 0, { what: 'it is well', timeoutMs: 30_000 });
    await broker.driver.close();
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  }, 90_000);

  it('of one node of two loses nothing that was confirmed', async () => {
    const { brokers, kill, restart } = await cluster({ nodes: 2 });
    const name = await createTopic(uniqueName('two'), 4, { brokers, replicationFactor: 2 });
    const broker = await connected({ client: { brokers } });
    const { sink } = await broker.read(name);
    const confirmed: string[] = [];
    let round = 0;
    const publishOnce = async (): Promise<void> => {
      const batch = texts(round++ * 200, 200);
      const outcomes = await broker.driver.publish(broker.definition.destination(name), batch.map(outgoing));
      outcomes.forEach((outcome: Outcome, index) => 'receipt' in outcome && confirmed.push(batch[index]!));
    };
    for (let before = 0; before < 10; before++) await publishOnce();
    const killing = kill(1);
    while (round < 30) await publishOnce();
    await killing;
    for (let during = 0; during < 10; during++) await publishOnce();
    await restart(1);
    for (let after = 0; after < 10; after++) await publishOnce();
    const written = new Set((await readAll(name, brokers)).map(({ value }) => value));
    expect(confirmed.filter((text) => !written.has(text))).toEqual([]);
    await until(() => new Set(sink.texts).size >= written.size, { what: 'all is read', timeoutMs: 30_000 });
    expect(confirmed.length).toBeGreaterThan(200 * 30);
  }, 120_000);

  it('that answers nothing holds up neither the close nor its subscriptions, and what is under way may have arrived', async () => {
    const { brokers, proxies } = await cluster({ proxied: true });
    const name = await createTopic(uniqueName('stalled'), 1, { brokers });
    const broker = await connected({ client: { brokers } });
    const sink = new RecordingSink();
    await broker.read(name, { sink });
    await broker.publish(name, 'before');
    await sink.has(1);
    proxies[0]!.stall();
    const publishing = broker.driver.publish(broker.definition.destination(name), [outgoing('under way')]);
    await expect(
      broker.read(name, { groupId: uniqueName('other'), signal: AbortSignal.timeout(500) }),
    ).rejects.toMatchObject({
      code: 'MULTI_BROKER_SUBSCRIBE_FAILED',
    });
    const ms = await timed(() => broker.driver.close());
    const [outcome] = await publishing;
    expect(outcome).toMatchObject({ error: { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', written: 'maybe' } });
    expect([ms < 15_000, sink.lanes.every(({ lost }) => lost.aborted)]).toEqual([true, true]);
  }, 90_000);

  it('that only cuts the connections is mended unseen', async () => {
    const { brokers, proxies } = await cluster({ proxied: true });
    const name = await createTopic(uniqueName('cut'), 1, { brokers });
    const broker = await connected({ client: { brokers } });
    const { sink } = await broker.read(name);
    for (let round = 0; round < 3; round++) {
      await until(async () => (await broker.publish(name, `r${round}`))[0]!.startsWith(name), { what: 'it publishes' });
      await until(() => sink.texts.includes(`r${round}`), { what: 'it reads', timeoutMs: 20_000 });
      proxies[0]!.cut();
    }
    await until(() => broker.states.length === 0 || broker.states.at(-1) === 'up', {
      what: 'it is up',
      timeoutMs: 20_000,
    });
  }, 90_000);
});
