import { describe } from '@jest/globals';
import { events } from '../support/test-app.js';
import { heldKeyScenarios } from '../support/held-keys.js';

describe('on the twin of JetStream', () =>
  heldKeyScenarios({
    real: false,
    definition: () => events,
    unique: (name) => name,
    pass: async (harness, ms) => {
      await harness.settled();
      if (ms > 0) await harness.clock.advance(ms);
    },
  }));
