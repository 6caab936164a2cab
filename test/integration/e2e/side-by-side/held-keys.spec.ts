import { describe, jest } from '@jest/globals';
import { heldKeyScenarios } from '../../../support/held-keys.js';
import { uniqueName, whenNative } from '../../../support/real-brokers.js';
import { events } from '../support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('on a real JetStream', () =>
  heldKeyScenarios({
    real: true,
    definition: () => events(),
    unique: uniqueName,
    pass: () => Promise.resolve(),
  }),
);
