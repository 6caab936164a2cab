import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { whenBrokers } from '../support/real-brokers.js';
import { seedThatFinds } from './support/fault-search.js';
import { faults } from './support/planted-faults.js';
import { divergences, seedsFrom } from './support/seeds.js';
import { RealServers } from './support/worlds.js';

const COUNT = Number(process.env.DIFFERENTIAL_COUNT ?? 50);
const FRESH = Number(process.env.DIFFERENTIAL_SEED ?? Date.now() % 1_000_000_000);

jest.setTimeout(600_000);

const fixed = seedsFrom(1, COUNT);

whenBrokers(describe)('twins and real servers, through the same scenarios', () => {
  let servers: RealServers;
  beforeAll(async () => {
    servers = await RealServers.connect();
  });
  afterAll(() => servers.end());

  it(`agree on ${COUNT} fixed seeds`, async () => {
    expect(await divergences(fixed, servers)).toEqual([]);
  });

  it.each(Object.entries(faults))('would find %s in a twin by the fixed seeds', async (_, fault) => {
    expect(fixed).toContain(await seedThatFinds(fault, fixed, servers));
  });

  it('tell a divergence by its seed and the smallest scenario that shows it', async () => {
    const fault = faults['a lost nack']!;
    const seed = await seedThatFinds(fault, fixed, servers);
    const mend = fault.plant();
    const told = await divergences([seed!], servers).finally(mend);
    expect(told).toEqual([expect.stringContaining(`Seed ${seed} of jetstream:`)]);
    const steps = told[0]!.split('\n').filter((line) => line.includes('"do":'));
    expect(steps.length).toBeLessThanOrEqual(3);
    expect(steps.join()).toContain('"nack"');
  });

  it(`agree on ${COUNT} fresh seeds, from ${FRESH} on (DIFFERENTIAL_SEED)`, async () => {
    expect(await divergences(seedsFrom(FRESH, COUNT), servers)).toEqual([]);
  });
});
