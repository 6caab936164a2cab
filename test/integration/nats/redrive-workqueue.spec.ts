import { afterEach, describe, expect, it } from '@jest/globals';
import type { TestingModule } from '@nestjs/testing';
import { type DeadLetter, MultiBroker } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { application, events } from '../e2e/support.js';
import { managerOf } from '../../support/nats-library.js';

whenBrokers(describe)('a work queue of dead letters', () => {
  let app: TestingModule | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  it('is looked at without a consumer, read by a filter of its own, and has only what is left', async () => {
    app = await application([events()], []);
    await app.init();
    const multi = app.get(MultiBroker);
    const own = multi.get('events');
    const [name, dead, source] = [uniqueName('DEAD'), uniqueName('dead'), uniqueName('source')];
    const { streams } = await managerOf(own.native());
    await streams.add({ name, subjects: [`${dead}.>`], retention: 'workqueue' as never, storage: 'memory' as never });

    const seen: unknown[] = [];
    await own.subscribe(source, function handle(payload: unknown) {
      seen.push(payload);
    });
    for (const [place, payload] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ] as const)
      await own.publish(toStream(`${dead}.${place}`), payload, {
        headers: {
          'dead-letter-broker': 'events',
          'dead-letter-source': source,
          'dead-letter-binding': `handle/subject ${source}`,
        },
      });

    const list = async (from: Parameters<MultiBroker['deadLetters']>[0]): Promise<unknown[]> => {
      const found: DeadLetter[] = [];
      for await (const letter of multi.deadLetters(from)) found.push(letter);
      return found.map(({ body }) => JSON.parse(Buffer.from(body ?? []).toString()) as unknown);
    };
    const all = { broker: 'events', source: stream(name, { durable: 'unused' }) };
    const some = { broker: 'events', source: stream(name, { durable: 'unused', filter: `${dead}.a` }) };
    expect([await list(all), await list(some)]).toEqual([
      [1, 2, 3],
      [1, 3],
    ]);
    expect((await streams.info(name)).state.consumer_count).toBe(0);

    expect(await multi.redrive(some)).toEqual({ read: 2, redriven: 2, left: 0, failed: 0 });
    expect([seen, await list(all)]).toEqual([[1, 3], [2]]);
    await streams.delete(name);
  }, 60_000);
});
