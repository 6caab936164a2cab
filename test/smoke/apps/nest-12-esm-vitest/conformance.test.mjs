// With Node's own runner, on what `npm run build` made.
import { describe, it } from 'node:test';
import { conformanceSuite } from 'nestjs-multi-broker/driver';
import { target } from './dist/third-driver/target.js';

describe('the conformance suite under node:test', () => conformanceSuite(target, { test: it }));
