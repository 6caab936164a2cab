import { describe, expect, it } from '@jest/globals';

import { KeptRecords } from '../../lib/kafka/driver/kept/kept-records.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { recordingIo } from '../support/kafka/connected.js';
import { FakeClient } from '../support/kafka/fake-client.js';
import { turns } from '../support/turns.js';

const NEVER = new AbortController().signal;

const spec = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['h:1'] } }).source('topic');

/** A redrive of a topic with one partition that holds one record, which was handed over. */
async function redrive() {
  const client = Object.assign(new FakeClient(), { ends: [1] });
  const host = { io: recordingIo().io, makeClient: () => client.client, cluster: 'c' };
  const kept = await KeptRecords.open(host, spec, 'take');
  void client.batch(0, [0]);
  const first = await kept.next(NEVER);
  return { client, kept, first: first! };
}

describe('the records that a topic holds for its group', () => {
  it('are committed as done at the end', async () => {
    const { client, kept, first } = await redrive();
    await kept.done(first);
    await kept.close();
    expect(client.committed.get('topic/0')).toBe('1');
  });

  it('are committed as done, though another process joins while the last of them is handled', async () => {
    const { client, kept, first } = await redrive();
    client.join('member-1', { topic: [0] });
    await kept.done(first);
    await turns();
    await kept.close();
    expect(client.committed.get('topic/0')).toBe('1');
  });

  it('are not taken for done where a stopping consumer did not hand them over any more', async () => {
    const fake = Object.assign(new FakeClient(), { ends: [3], runs: false });
    const { io } = recordingIo();
    const kept = await KeptRecords.open({ io, makeClient: () => fake.client, cluster: 'c' }, spec, 'take');
    await fake.batch(0, [0, 1, 2]);
    fake.runs = true;
    const next = kept.next(AbortSignal.timeout(5_000));
    const handled = fake.batch(0, [0, 1, 2]);
    expect((await next)?.location).toBe('topic[0]@0');
    await kept.close();
    await handled;
  });
});
