import { expect, it } from '@jest/globals';

import { TRIED } from '../../../../lib/nats/driver/connection/nats-2/client.js';
import { loadNats2 } from '../../../../lib/nats/driver/connection/nats-2/load.js';

it('the installed nats is one of the versions whose internals are known', async () => {
  expect((await loadNats2()).version).toMatch(TRIED);
});
