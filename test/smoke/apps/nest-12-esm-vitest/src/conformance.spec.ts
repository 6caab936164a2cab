import { conformanceSuite } from 'nestjs-multi-broker/driver';
import { target } from './conformance-target.js';

describe('the conformance suite under Vitest', () => conformanceSuite(target, { test: it }));
