import { describe, expect, it } from '@jest/globals';

import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { createTopic, kafkaClient, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

whenBrokers(describe)('a rebalance of a Kafka group', () => {
  closeAfterEach();

  it('shows in health while it waits for a member that is busy for more than 5 s, and no longer', async () => {
    const name = await createTopic(uniqueName('busy'), 1);
    const groupId = uniqueName('group');
    const broker = await connected({ groupId });
    await broker.publish(name, 'a');
    // kafkajs joins again between two messages alone.
    const other = kafkaClient().consumer({ groupId, sessionTimeout: 30_000, rebalanceTimeout: 30_000 });
    let finish = (): void => undefined;
    let isBusy = false;
    await other.connect();
    await other.subscribe({ topic: name, fromBeginning: true });
    await other.run({
      eachMessage: () => {
        isBusy = true;
        return new Promise((resolve) => (finish = resolve));
      },
    });
    await until(() => isBusy, { what: 'the other member is busy', timeoutMs: 30_000 });

    const issues = (): readonly string[] => broker.driver.healthIssues!();
    const reading = broker.read(name, { groupId });
    await until(() => issues().length > 0, { what: 'health reports the rebalance', timeoutMs: 20_000 });
    expect(issues()).toEqual([
      expect.stringMatching(/to join the group \(a rebalance waits for all members\) for 5 s/),
    ]);

    finish();
    await reading;
    await other.disconnect();
    await until(() => issues().length === 0, { what: 'health is well again', timeoutMs: 30_000 });
  });
});
