import { afterAll, it } from '@jest/globals';
import { conformanceSuite } from '../../../lib/driver/public.js';
import { createTopic, uniqueName } from '../../support/real-brokers.js';
import { kafkaSetting, realKafka, removeHarmed } from '../support/real-setting.js';
import { describePlatformatic } from '../../support/kafka-library.js';
import { record } from '../support/record.js';
import { kafkaTarget, topicPlace } from '../support/targets.js';

const definition = realKafka('@platformatic/kafka');
const target = kafkaTarget(definition, kafkaSetting('@platformatic/kafka'), async () => {
  return topicPlace(definition, await createTopic(uniqueName('conformance'), 4));
});

describePlatformatic('the Kafka driver by @platformatic/kafka', () => {
  afterAll(removeHarmed);
  conformanceSuite(target, { test: (title, prove) => it(title, prove, 120_000), skip: it.skip, report: record });
});
