import { describe, expect, it } from '@jest/globals';
import { OffsetLoss, type WithAdmin } from '../../lib/kafka/driver/consumer/initial-offsets.js';
import type { Admin } from '../../lib/kafka/driver/client/admin-port.js';
import { recordingIo } from '../support/kafka/connected.js';
import { turns } from '../support/turns.js';

/** Partition 1 of a topic whose messages begin at `oldest`; undefined where the cluster does not answer. */
function losses(oldest?: number) {
  const { io, log } = recordingIo();
  const bounds = async () => {
    if (oldest === undefined) throw new Error('no answer');
    return [0, oldest].map((low, partition) => ({ partition, oldest: low, end: 9 }));
  };
  const ask: WithAdmin = (question) => question({ bounds } as unknown as Admin);
  const all = new OffsetLoss('g', io);
  const find = async (next: number | undefined): Promise<readonly string[]> => {
    const origin = { place: '', topic: 'orders', partition: 1, params: undefined };
    await all.report({ name: 'orders[1]', next, origin }, ask);
    return all.healthIssues;
  };
  return { find, log };
}

describe('what was gone from the server before a Kafka group read it', () => {
  it.each([
    [3, 5, 'from offset 3 are gone', 'raise its retention'],
    [undefined, 5, 'from its committed offset are gone', 'raise its retention'],
    [3, 0, 'ends before offset 3: it was deleted and created again', 'only after its groups have read it'],
    [undefined, 0, 'ends before its committed offset: it was deleted and created again', 'only after'],
    [3, undefined, 'from offset 3 are gone from the server (or the topic was deleted', 'raise its retention'],
  ])('is told with its cause: asked for offset %p, the oldest is %p', async (next, oldest, what, remedy) => {
    const { find, log } = losses(oldest);
    const told = await find(next);
    expect(told).toEqual([expect.stringContaining(what)]);
    expect(told[0]).toContain(remedy);
    expect(log).toEqual([`error: ${told[0]!}`]);
  });

  it('is kept for health, the last ten', async () => {
    const { find } = losses(100);
    for (let next = 0; next < 12; next++) await find(next);
    const told = await find(12);
    expect([told.length, told[0], told.at(-1)]).toEqual([
      10,
      expect.stringContaining('offset 3 '),
      expect.stringContaining('offset 12 '),
    ]);
  });

  it('asks the cluster for one partition after another: each question takes a connection', async () => {
    const { io } = recordingIo();
    let most = 0;
    let now = 0;
    const ask: WithAdmin = async () => {
      most = Math.max(most, ++now);
      await turns(2);
      now--;
      throw new Error('no answer');
    };
    const all = new OffsetLoss('g', io);
    const origin = { place: '', topic: 'orders', partition: 1, params: undefined };
    await Promise.all([1, 2, 3].map((next) => all.report({ name: 'orders[1]', next, origin }, ask)));
    expect([most, all.healthIssues.length]).toEqual([1, 3]);
  });
});
