import path from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'nats';
import { compiledApp } from '../../support/compiled-library.js';
import { createTopic, realBrokers, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { spawned } from '../../cli/support.js';

jest.setTimeout(120_000);

whenBrokers(describe)('check --connect', () => {
  let app: string;

  beforeAll(() => {
    app = compiledApp('cli-connect', path.join(import.meta.dirname, '../../cli/apps'));
  });

  it('ends with 1 until the servers have what a start does not create, and creates nothing', async () => {
    const { kafka, nats } = realBrokers();
    const run = uniqueName('cli');
    const env = { KAFKA_BROKERS: kafka.join(), NATS_URL: nats, RUN_ID: `${run}.` };
    const check = (...options: string[]) =>
      spawned(app, ['check', 'dist/bridge.module.js', '--connect', ...options], env);

    const before = await check();
    expect(before.code).toBe(1);
    expect(before.out).toContain(`    missing: topic ${run}.dead: the cluster does not have it\n`);
    expect(before.out).toContain(`    to be created: topic ${run}.incoming: a start creates it with 6 partition(s)\n`);
    expect(before.out).toContain(`    to be created: stream ${run}-ORDERS: a start creates it on ${run}.orders.>\n`);
    expect(before.out).toContain('1 fault found\n');

    await createTopic(`${run}.dead`);
    expect(await check()).toMatchObject({ code: 0, out: expect.stringContaining('The servers have what') });
    const strict = await check('--strict', '--format', 'json');
    expect(strict.code).toBe(1);

    const nc = await connect({ servers: nats });
    await expect((await nc.jetstreamManager()).streams.info(`${run}-ORDERS`)).rejects.toThrow('stream not found');
    await nc.close();
  });
});
