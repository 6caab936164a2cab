// Every entry point loads although no client is installed, and definitions can be made.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { entryPoints, integrations } from './entry-points.mjs';

const require = createRequire(import.meta.url);
for (const client of ['kafkajs', 'nats']) assert.throws(() => require.resolve(client), { code: 'MODULE_NOT_FOUND' });

for (const name of entryPoints) {
  const loaded = Object.keys(await import(name));
  assert.ok(loaded.length > 0, `${name} exports nothing`);
  console.log(`${name}: ${loaded.length} exports`);
}
for (const [name, needed] of Object.entries(integrations)) {
  await assert.rejects(import(name), { code: 'ERR_MODULE_NOT_FOUND', message: new RegExp(`'${needed}'`) });
  console.log(`${name} needs ${needed}`);
}
const { kafkaBroker } = await import('nestjs-multi-broker/kafka');
const { natsBroker } = await import('nestjs-multi-broker/nats');
kafkaBroker({ name: 'a', groupId: 'g', client: { brokers: ['127.0.0.1:1'] } });
natsBroker({ name: 'b', client: { servers: 'nats://127.0.0.1:1' } });
