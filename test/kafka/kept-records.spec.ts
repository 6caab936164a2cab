import { expect, it } from '@jest/globals';
import { KeptRecords } from '../../lib/kafka/driver/kept/kept-records.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { recordingIo } from '../support/kafka/connected.js';
import { FakeClient } from '../support/kafka/fake-client.js';

const spec = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['h:1'] } }).source('topic');

it('a dead letter that a stopping consumer did not hand over any more is not taken for done', async () => {
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
