import { afterAll, describe, it } from '@jest/globals';
import { conformanceSuite } from '../../../lib/driver/public.js';
import { createTopic, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { kafkaSetting, realKafka, removeHarmed } from '../support/real-setting.js';
import { ON_KAFKAJS } from '../../support/kafka-library.js';
import { record } from '../support/record.js';
import { kafkaTarget, topicPlace } from '../support/targets.js';

const definition = realKafka(ON_KAFKAJS);
const target = kafkaTarget(definition, kafkaSetting(ON_KAFKAJS), async () => {
  return topicPlace(definition, await createTopic(uniqueName('conformance'), 4));
});

whenBrokers(describe)('the Kafka driver', () => {
  afterAll(removeHarmed);
  conformanceSuite(target, { test: (title, prove) => it(title, prove, 120_000), skip: it.skip, report: record });
});
