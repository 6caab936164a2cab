import { afterEach, describe, expect, it } from '@jest/globals';
import { AssignerProtocol } from 'kafkajs';

import type { Intake } from '../../lib/driver/index.js';
import { Groups } from '../../lib/kafka/driver/consumer/groups.js';
import { Link } from '../../lib/kafka/driver/link.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { recordingIo } from '../support/kafka/connected.js';
import { FakeClient } from '../support/kafka/fake-client.js';
import { RecordingSink } from '../support/kafka/recording-sink.js';
import { eventually, turns } from '../support/turns.js';

const open: Groups[] = [];

function make() {
  const { io } = recordingIo();
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
  const read = (name: string): Promise<Intake> =>
    groups.subscribe([definition.source(topic(name))], new RecordingSink(), AbortSignal.timeout(5_000));
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
