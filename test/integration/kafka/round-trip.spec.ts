import { describe, expect, it } from '@jest/globals';

import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { committedOffsets, createTopic, uniqueName, whenBrokers } from '../../support/real-brokers.js';

whenBrokers(describe)('a Kafka broker', () => {
  closeAfterEach();

  it('reads what was published before and after the subscription, and commits what was settled', async () => {
    const name = await createTopic(uniqueName('round'), 2);
    const broker = await connected();
    await broker.publish(name, 'before');
    const { sink, intake } = await broker.read(name);
    await sink.has(1);
    await broker.publish(name, 'after');
    await sink.has(2);
    await intake.stopFetching();
    await intake.flush();
    const sum = (await committedOffsets(broker.definition.options.groupId!, name)).reduce((a, b) => a + b, 0);
    expect([sink.texts, sum]).toEqual([['before', 'after'], 2]);
    await intake.close();
  });
});
