import { describe, it } from '@jest/globals';
import { conformanceSuite } from '../../../lib/driver/public.js';
import { natsBroker } from '../../../lib/nats/index.js';
import { record } from '../support/record.js';
import { subjectPlace, subjectTarget } from '../support/targets.js';
import { twinSetting } from '../support/twin-setting.js';

const definition = natsBroker({ name: 'conformance', client: {} });

describe('the NATS twin, core', () => {
  conformanceSuite(subjectTarget(definition, twinSetting(definition, subjectPlace)), { test: it, report: record });
});
