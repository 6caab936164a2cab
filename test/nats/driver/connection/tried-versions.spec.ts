import { expect, it } from '@jest/globals';

import { TRIED as NATS_2 } from '../../../../lib/nats/driver/connection/nats-2/client.js';
import { loadNats2 } from '../../../../lib/nats/driver/connection/nats-2/load.js';
import { TRIED as NATS_IO } from '../../../../lib/nats/driver/connection/nats-io/client.js';
import { loadNatsIo } from '../../../../lib/nats/driver/connection/nats-io/load.js';

it.each([
  ['nats', loadNats2, NATS_2],
  ['@nats-io/transport-node', loadNatsIo, NATS_IO],
])('the installed %s is one of the versions whose internals are known', async (name, load, tried) => {
  const client = await load();
  expect(client.name).toBe(name);
  expect(client.version).toMatch(tried);
});
