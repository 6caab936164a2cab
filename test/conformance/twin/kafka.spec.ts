import { describe, it } from '@jest/globals';
import { conformanceSuite } from '../../../lib/driver/public.js';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { record } from '../support/record.js';
import { kafkaTarget, topicPlace } from '../support/targets.js';
import { twinSetting } from '../support/twin-setting.js';

const definition = kafkaBroker({ name: 'conformance', client: { brokers: [] } });

describe('the Kafka twin', () => {
  conformanceSuite(kafkaTarget(definition, twinSetting(definition, topicPlace)), { test: it, report: record });
});
