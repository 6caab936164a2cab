import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { whenBrokers } from '../support/real-brokers.js';
import { divergences, seedsFrom } from './support/seeds.js';
import { RealServers } from './support/worlds.js';

const COUNT = Number(process.env.DIFFERENTIAL_COUNT ?? 50);
const FRESH = Number(process.env.DIFFERENTIAL_SEED ?? Date.now() % 1_000_000_000);

jest.setTimeout(600_000);

whenBrokers(describe)('twins and real servers, through the same scenarios', () => {
  let servers: RealServers;
  beforeAll(async () => {
    servers = await RealServers.connect();
  });
  afterAll(() => servers.end());

  it(`agree on ${COUNT} fixed seeds`, async () => {
    expect(await divergences(seedsFrom(1, COUNT), servers)).toEqual([]);
  });

  it(`agree on ${COUNT} fresh seeds, from ${FRESH} on (DIFFERENTIAL_SEED)`, async () => {
    expect(await divergences(seedsFrom(FRESH, COUNT), servers)).toEqual([]);
  });
});
