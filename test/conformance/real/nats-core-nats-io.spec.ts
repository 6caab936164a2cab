import { afterAll, describe, it } from '@jest/globals';
import { conformanceSuite } from '../../../lib/driver/public.js';
import { whenBrokers } from '../../support/real-brokers.js';
import { natsSetting, realNats, removeHarmed } from '../support/real-setting.js';
import { record } from '../support/record.js';
import { subjectTarget } from '../support/targets.js';

whenBrokers(describe)('the NATS driver on @nats-io, core', () => {
  afterAll(removeHarmed);
  conformanceSuite(subjectTarget(realNats('@nats-io'), natsSetting('core', '@nats-io')), {
    test: (title, prove) => it(title, prove, 120_000),
    skip: it.skip,
    report: record,
  });
});
