import { describe } from '@jest/globals';
import { deadLetterScenarios } from '../support/dead-letters/scenarios.js';
import { twinPlaces } from '../support/dead-letters/twin-places.js';

describe('on twins', () => deadLetterScenarios({ ...twinPlaces, pass: (harness) => harness.clock.advance(60_000) }));
