import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

import { kafkaBroker } from '../../../lib/kafka/index.js';
import { closeAfterEach, connected, outgoing, recordingIo } from '../../support/kafka/connected.js';
import { RecordingSink } from '../../support/kafka/recording-sink.js';
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  realBrokers,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';

async function groupOf(groupId: string): Promise<{ state: string; members: number }> {
  const admin = kafkaClient().admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([groupId]);
  await admin.disconnect();
  return { state: groups[0]!.state, members: groups[0]!.members.length };
}

/** Milliseconds that it took. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await act();
  return performance.now() - from;
}

whenBrokers(describe)('the life of a Kafka broker', () => {
  closeAfterEach();

  it('does not come up behind a close that came while it connected', async () => {
    const definition = kafkaBroker({ name: 'orders', groupId: 'any', client: { brokers: realBrokers().kafka } });
    const driver = await definition.driver();
    const { io, states } = recordingIo();
    const connecting = driver.connect(io, AbortSignal.timeout(20_000));
    await driver.close();
    await expect(connecting).rejects.toMatchObject({ code: 'MULTI_BROKER_STOPPED', broker: 'orders' });
    expect(states).toEqual([]);
    expect(() => driver.native()).toThrow(expect.objectContaining({ code: 'MULTI_BROKER_NOT_CONNECTED' }));
  });

  it('ends at once where it is idle, with its group left', async () => {
    const name = await createTopic(uniqueName('idle'));
    const groupId = uniqueName('group');
    const { driver, read } = await connected({ groupId });
    const { intake } = await read(name);
    const ms = await timed(async () => {
      await intake.stopFetching();
      await intake.flush();
      await intake.close();
      await driver.close();
    });
    expect([ms < 1_000, (await groupOf(groupId)).members]).toEqual([true, 0]);
  });

  it('ends though a handler never does, and commits what is finished', async () => {
    const name = await createTopic(uniqueName('stuck'));
    const groupId = uniqueName('group');
    const { driver, read, publish } = await connected({ groupId });
    const sink = new RecordingSink();
    sink.keep = ({ text }) => text === 'stuck';
    sink.full = () => new Promise<void>(() => undefined);
    await publish(name, 'done', 'stuck', 'behind');
    const { intake } = await read(name, { sink });
    await sink.has(3);
    const ms = await timed(async () => {
      await intake.stopFetching();
      await intake.flush();
      await intake.close();
      await driver.close();
    });
    expect([ms < 3_000, await committedOffsets(groupId, name), (await groupOf(groupId)).members]).toEqual([
      true,
      [1],
      0,
    ]);
  });

  it('stops while it starts, and leaves nobody in the group', async () => {
    const name = await createTopic(uniqueName('stop-start'));
    const groupId = uniqueName('group');
    for (const turns of [0, 1, 5, 20, 60]) {
      const { driver, read } = await connected({ groupId });
      const reading = read(name).then(
        () => 'reads',
        (thrown: unknown) => (thrown as { code: string }).code,
      );
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      await driver.close();
      expect(['reads', 'MULTI_BROKER_STOPPED']).toContain(await reading);
      await until(async () => (await groupOf(groupId)).members === 0, { what: `the group is empty (${turns} turns)` });
    }
  });

  it('commits on the way out what was settled since the last commit', async () => {
    const name = await createTopic(uniqueName('way-out'));
    const groupId = uniqueName('group');
    const { driver, read, publish } = await connected({ groupId, commitIntervalMs: 600_000 });
    const { sink } = await read(name);
    await publish(name, 'a', 'b');
    await sink.has(2);
    await driver.close();
    expect(await committedOffsets(groupId, name)).toEqual([2]);
  });

  it('commits what is settled between quiet and flush, and takes nothing more', async () => {
    const name = await createTopic(uniqueName('quiet'));
    const groupId = uniqueName('group');
    const { read, publish } = await connected({ groupId, commitIntervalMs: 600_000 });
    const sink = new RecordingSink();
    sink.keep = () => true;
    const { intake } = await read(name, { sink });
    await publish(name, 'a', 'b');
    await sink.has(2);
    await intake.stopFetching();
    await publish(name, 'c');
    sink.settle(['a', 'b']);
    await intake.flush();
    expect([await committedOffsets(groupId, name), sink.texts]).toEqual([[2], ['a', 'b']]);
  });

  it('gives up connecting when it is told to, and keeps no connection open', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      sockets.add(socket.resume());
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    });
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const definition = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: [`127.0.0.1:${port}`] } });
    const driver = await definition.driver();
    const { io } = recordingIo();
    const stop = new AbortController();
    const connecting = driver.connect(io, stop.signal);
    await until(() => sockets.size > 0, { what: 'it dials' });
    stop.abort(new Error('too late'));
    await expect(connecting).rejects.toMatchObject({
      code: 'MULTI_BROKER_CONNECT_FAILED',
      message: expect.stringContaining('too late'),
    });
    await until(() => sockets.size === 0, { what: 'its connections are closed', timeoutMs: 1_000 });
    silent.close();
  });

  it('closed while it connects, does not come up behind the close', async () => {
    const sockets: Socket[] = [];
    const client = {
      brokers: realBrokers().kafka,
      socketFactory: ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) => {
        const socket = connect({ host, port }, onConnect);
        sockets.push(socket);
        return socket;
      },
    };
    const driver = await kafkaBroker({ name: 'orders', groupId: 'g', client }).driver();
    const connecting = driver.connect(recordingIo().io, AbortSignal.timeout(20_000));
    const refused = expect(connecting).rejects.toMatchObject({ code: 'MULTI_BROKER_STOPPED' });
    await driver.close();
    await refused;
    await until(() => sockets.every(({ destroyed }) => destroyed), { what: 'its connections are closed' });
  });

  it('says which broker could not connect, and why', async () => {
    const definition = kafkaBroker({ name: 'orders', client: { brokers: ['127.0.0.1:1'], retry: { retries: 0 } } });
    const driver = await definition.driver();
    await expect(driver.connect(recordingIo().io, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'MULTI_BROKER_CONNECT_FAILED',
      message: expect.stringMatching(/orders.*ECONNREFUSED/),
    });
  });

  it('fails a subscription within its signal', async () => {
    const name = await createTopic(uniqueName('signal'));
    const { read, driver } = await connected();
    const reading = read(name, { signal: AbortSignal.timeout(1) });
    await expect(reading).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
    await driver.close();
  });

  it('is over after close: a second close is none, a publish is refused', async () => {
    const { driver, definition } = await connected();
    await Promise.all([driver.close(), driver.close()]);
    const [outcome] = await driver.publish(definition.destination('t'), [outgoing('late')]);
    expect(outcome).toMatchObject({ error: { code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no' } });
  });
});
