import { afterAll, describe, it } from '@jest/globals';
import { conformanceSuite } from '../../../lib/driver/public.js';
import { whenBrokers } from '../../support/real-brokers.js';
import { natsSetting, realNats, removeHarmed } from '../support/real-setting.js';
import { record } from '../support/record.js';
import { streamTarget } from '../support/targets.js';

whenBrokers(describe)('the NATS driver, JetStream', () => {
  afterAll(removeHarmed);
  conformanceSuite(streamTarget(realNats('nats'), natsSetting('jetstream', 'nats')), {
    test: (title, prove) => it(title, prove, 120_000),
    skip: it.skip,
    report: record,
  });
});
