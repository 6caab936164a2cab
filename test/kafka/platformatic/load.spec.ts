import { expect, it } from '@jest/globals';

import { loadPlatformatic } from '../../../lib/kafka/driver/platformatic/load.js';

const missing = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' }));

it('a broker whose @platformatic/kafka is not installed says what to install', async () => {
  await expect(loadPlatformatic('orders', missing, '24.6.0')).rejects.toMatchObject({
    code: 'MULTI_BROKER_CLIENT_MISSING',
    message: expect.stringContaining('npm install @platformatic/kafka'),
  });
});

it.each(['20.19.0', '22.21.1'])('a broker on Node %s says which one @platformatic/kafka needs', async (node) => {
  await expect(loadPlatformatic('orders', missing, node)).rejects.toMatchObject({
    code: 'MULTI_BROKER_CLIENT_MISSING',
    message: expect.stringContaining(`needs Node 22.22 or newer; this is ${node}`),
  });
});
