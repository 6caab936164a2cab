import { describe, expect, it } from '@jest/globals';

import type { Outcome, Outgoing } from '../../../lib/driver/index.js';
import { partitionOfKey } from '../../../lib/kafka/partitioner.js';
import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { createTopic, kafkaClient, readAll, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

const errors = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap((outcome, index) => ('error' in outcome ? [{ index, error: outcome.error }] : []));
const texts = (count: number, size = 0): Outgoing[] =>
  Array.from({ length: count }, (_, index) => ({ body: Buffer.from(String(index).padEnd(size, '.')) }));

whenBrokers(describe)('publishing to Kafka', () => {
  closeAfterEach();

  it('writes body, key and headers; null is a tombstone', async () => {
    const name = await createTopic(uniqueName('fields'), 4);
    const { driver, definition } = await connected();
    const headers = { 'content-type': 'text/plain', umlaut: 'Grüße' };
    const batch: Outgoing[] = [
      { body: new Uint8Array([104, 105]), key: 'ü-1', headers },
      { body: null, key: 'ü-1' },
      { body: Buffer.alloc(0) },
    ];
    expect(errors(await driver.publish(definition.destination(name), batch))).toEqual([]);
    const records = await readAll(name);
    const keyed = records.filter(({ key }) => key !== null);
    expect(keyed.map(({ value, partition }) => [value, partition])).toEqual([
      ['hi', partitionOfKey('ü-1', 4)],
      [null, partitionOfKey('ü-1', 4)],
    ]);
    expect(Object.entries(keyed[0]!.headers).map(([key, value]) => [key, String(value)])).toEqual(
      Object.entries(headers),
    );
    expect(records.find(({ key }) => key === null)?.value).toBe('');
  });

  it('confirms each message with its place', async () => {
    const name = await createTopic(uniqueName('places'), 3);
    const { publish } = await connected();
    const positions = await publish(name, ...Array.from({ length: 400 }, (_, index) => `m${index}`));
    const places = new Map(
      (await readAll(name)).map(({ value, partition, offset }) => [value, `${name}[${partition}]@${offset}`]),
    );
    expect(positions).toEqual(positions.map((_, index) => places.get(`m${index}`)));
  });

  it('takes a batch that is larger than the server takes at once', async () => {
    const name = await createTopic(uniqueName('large-batch'));
    const { driver, definition } = await connected();
    const outcomes = await driver.publish(definition.destination(name), texts(3_000, 1_000));
    const records = await readAll(name);
    expect(errors(outcomes)).toEqual([]);
    expect(records.map(({ value }) => Number.parseInt(value!))).toEqual(
      Array.from({ length: 3_000 }, (_, index) => index),
    );
  });

  it('rejects the message that is too large, and no other of the batch', async () => {
    const name = await createTopic(uniqueName('too-large'), 1, { config: { 'max.message.bytes': '20000' } });
    const { driver, definition } = await connected();
    const batch = texts(60, 500);
    batch[33] = { body: Buffer.alloc(30_000, 'x') };
    const failed = errors(await driver.publish(definition.destination(name), batch));
    expect(failed.map(({ index, error }) => [index, error.code, error.written, error.retryable])).toEqual([
      [33, 'MULTI_BROKER_PAYLOAD_TOO_LARGE', 'no', false],
    ]);
    const written = new Set((await readAll(name)).map(({ value }) => Number.parseInt(value!)));
    expect(written.size).toBe(59);
  });

  it('names the topic that the cluster does not have, and goes on with the others', async () => {
    const [known, unknown] = [await createTopic(uniqueName('known')), uniqueName('unknown')];
    const { driver, definition, publish } = await connected({ producer: { allowAutoTopicCreation: false } });
    await publish(known, 'one');
    const [outcome, others] = await Promise.all([
      driver.publish(definition.destination(unknown), texts(2)),
      publish(known, 'two'),
    ]);
    expect(
      errors(outcome).map(({ error }) => [error.code, error.written, error.retryable, error.message.includes(unknown)]),
    ).toEqual([
      ['MULTI_BROKER_DESTINATION_UNKNOWN', 'no', false, true],
      ['MULTI_BROKER_DESTINATION_UNKNOWN', 'no', false, true],
    ]);
    expect(others).toEqual([`${known}[0]@1`]);
  });

  it('to one topic goes on when another one, written to before, is deleted', async () => {
    const [deleted, other] = [await createTopic(uniqueName('deleted')), await createTopic(uniqueName('other'))];
    // kafkajs asks for all topics it knows, so that the deleted one fails each send as soon as it asks again.
    const { publish } = await connected({ producer: { allowAutoTopicCreation: false, metadataMaxAge: 1 } });
    await publish(deleted, 'before');
    const admin = kafkaClient().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [deleted] });
    await until(async () => !(await admin.listTopics()).includes(deleted), { what: 'the topic is deleted' });
    await admin.disconnect();
    expect(await publish(other, 'after')).toEqual([`${other}[0]@0`]);
  });

  it('makes a topic where the cluster does so by itself', async () => {
    const name = uniqueName('made');
    const { publish } = await connected();
    const [position] = await publish(name, 'first');
    expect(position).toMatch(new RegExp(`^${name}\\[\\d\\]@0$`));
  });

  it('with an idempotent producer is confirmed too', async () => {
    const name = await createTopic(uniqueName('idempotent'), 2);
    const { driver, definition } = await connected({ producer: { idempotent: true } });
    const outcomes = await Promise.all([driver.publish(definition.destination(name), texts(300))]);
    expect(errors(outcomes.flat())).toEqual([]);
    expect((await readAll(name)).length).toBe(300);
  });
});
