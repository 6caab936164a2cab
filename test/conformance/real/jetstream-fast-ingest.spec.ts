import { afterAll, describe, it } from '@jest/globals';
import { conformanceSuite } from '../../../lib/driver/public.js';
import { natsLibrary } from '../../support/nats-library.js';
import { whenBrokers } from '../../support/real-brokers.js';
import { fastIngestTarget } from '../support/fast-ingest.js';
import { removeHarmed } from '../support/real-setting.js';
import { record } from '../support/record.js';

whenBrokers(describe)('the NATS driver, JetStream, streams with fast ingest', () => {
  afterAll(removeHarmed);
  conformanceSuite(fastIngestTarget(natsLibrary), {
    test: (title, prove) => it(title, prove, 120_000),
    skip: it.skip,
    report: record,
  });
});
