// Nothing but the entry for drivers loads the conformance suite, which asserts and waits as only tests do.
import assert from 'node:assert/strict';
import { register } from 'node:module';
import { entryPoints } from './entry-points.mjs';

const hooks = `export function load(url, context, next) {
  if (url.includes('/driver/conformance/')) throw new Error('the suite is loaded');
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const drivers = 'nestjs-multi-broker/driver';
for (const name of entryPoints.filter((one) => one !== drivers)) await import(name);
await assert.rejects(import(drivers), /the suite is loaded/);
