import { conformanceSuite } from 'nestjs-multi-broker/driver';
// Copied here from test/conformance/third-driver when the application is made.
import { target } from './third-driver/target.js';

describe('the conformance suite under Vitest', () => conformanceSuite(target, { test: it }));
