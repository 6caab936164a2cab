// The same by require(), in a process that imports nothing.
const assert = require('node:assert/strict');

for (const path of ['', '/kafka', '/kafka/platformatic', '/nats', '/testing', '/driver']) {
  const name = `nestjs-multi-broker${path}`;
  const loaded = Object.keys(require(name));
  assert.ok(loaded.length > 0, `${name} exports nothing`);
  console.log(`${name}: ${loaded.length} exports`);
}
assert.match(require('nestjs-multi-broker/package.json').version, /^\d/);
