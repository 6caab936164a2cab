// import and require() in one process see one copy: the condition `module-sync` gives both the ES module.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { entryPoints } from './entry-points.mjs';

const require = createRequire(import.meta.url);
let same = 0;
for (const name of entryPoints) {
  const imported = await import(name);
  const required = require(name);
  assert.ok(Object.keys(imported).length > 0, `${name} exports nothing`);
  for (const key of Object.keys(imported)) {
    assert.equal(required[key], imported[key], `${name}: ${key} exists twice`);
    same++;
  }
}
console.log(`${same} exports are the same`);
