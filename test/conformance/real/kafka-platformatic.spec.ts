import { afterAll, it } from '@jest/globals';
import { conformanceSuite, type ConformanceTarget } from '../../../lib/driver/public.js';
import { createTopic, uniqueName } from '../../support/real-brokers.js';
import { kafkaSetting, realKafka, removeHarmed } from '../support/real-setting.js';
import { describePlatformatic, type GroupProtocol } from '../../support/kafka-library.js';
import { record } from '../support/record.js';
import { kafkaTarget, topicPlace } from '../support/targets.js';

function targetBy(groupProtocol: GroupProtocol): ConformanceTarget {
  const choice = { library: '@platformatic/kafka', groupProtocol } as const;
  const definition = realKafka(choice);
  return kafkaTarget(definition, kafkaSetting(choice), async () => {
    return topicPlace(definition, await createTopic(uniqueName('conformance'), 4));
  });
}

const test = (title: string, prove: () => Promise<void>): void => it(title, prove, 120_000);

describePlatformatic('the Kafka driver by @platformatic/kafka', () => {
  afterAll(removeHarmed);
  conformanceSuite(targetBy('classic'), { test, skip: it.skip, report: record });
});

// The table of promises has a column for each client.
describePlatformatic('the Kafka driver by @platformatic/kafka in groups by KIP-848', () => {
  afterAll(removeHarmed);
  conformanceSuite(targetBy('consumer'), { test, skip: it.skip });
});
