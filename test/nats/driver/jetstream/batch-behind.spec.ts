import { describe, expect, it, jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import type { Outgoing } from '../../../../lib/driver/index.js';
import type { Connection } from '../../../../lib/nats/driver/connection/connection.js';
import type { Inbox, ReplyGroup } from '../../../../lib/nats/driver/connection/inbox.js';
import { PublishErrors } from '../../../../lib/nats/driver/connection/publish-errors.js';
import type { WireWriter } from '../../../../lib/nats/driver/connection/wire-writer.js';
import type { IngestPauses } from '../../../../lib/nats/driver/jetstream/ingest/ingest-pauses.js';
import type { JetStreamApi } from '../../../../lib/nats/driver/jetstream/jetstream-api.js';
import type { PubAckGroup } from '../../../../lib/nats/driver/jetstream/pub-acks.js';
import type { StreamLookup } from '../../../../lib/nats/driver/jetstream/stream-lookup.js';
import { StreamPublisher } from '../../../../lib/nats/driver/jetstream/stream-publisher.js';
import { natsBroker, toStream } from '../../../../lib/nats/index.js';
import { VirtualClock } from '../../../../lib/twin/index.js';

const to = natsBroker({ name: 'events', client: {} }).destination(toStream('a'));
const batchOf = (count: number): Outgoing[] => Array.from({ length: count }, () => ({ body: Buffer.from('x') }));

/** A publisher whose server answers when the test says so. */
function rig(stream: { bounded?: boolean; ingests?: boolean; replicated?: boolean } = {}) {
  const wrote = { count: 0 };
  const groups: PubAckGroup[] = [];
  const errors = new PublishErrors('events');
  const known = { name: 'S', ...stream };
  const info = { config: { max_msgs: -1, max_bytes: 1_000_000 }, state: { messages: 0, bytes: 0 } };
  const publisher = new StreamPublisher({
    connection: { up: true, epoch: 0, listen: () => () => undefined } as unknown as Connection,
    writer: { write: () => ++wrote.count, send: () => undefined } as unknown as WireWriter,
    errors,
    inbox: {
      expect: (group: ReplyGroup) => {
        groups.push(group as PubAckGroup);
        return { prefix: 'inbox.', end: () => undefined };
      },
    } as unknown as Inbox,
    lookup: {
      check: async () => undefined,
      streamOf: () => known,
      refused: async () => undefined,
      acked: () => undefined,
    } as unknown as StreamLookup,
    api: { manager: async () => ({ streams: { info: async () => info } }) } as unknown as JetStreamApi,
    pauses: { has: () => false } as unknown as IngestPauses,
    clock: new VirtualClock(),
    ackMs: 1_000,
  });
  const confirm = (group: PubAckGroup | undefined, from: number, count: number): void => {
    for (let index = from; index < from + count; index++) group?.settle(index, { receipt: {} });
  };
  return { publisher, wrote, groups, confirm, refusal: { error: errors.refused(to, 'no leader', true) } };
}

describe('a batch for a stream', () => {
  it('is written when all of it is on its way, and not confirmed', async () => {
    const { publisher, wrote, groups, confirm } = rig();
    const told: number[] = [];
    const publishing = publisher.publish(to, batchOf(1_500), () => told.push(wrote.count));
    await turn();
    await turn();
    expect(told).toEqual([1_500]);
    confirm(groups[0], 0, 1_024);
    confirm(groups[1], 1_024, 476);
    expect((await publishing).every((outcome) => 'receipt' in outcome)).toBe(true);
  });

  it.each([
    ['may be full', { bounded: true }],
    ['takes batches of fast ingest', { ingests: true }],
    ['has replicas, of which another may lead at any time', { replicated: true }],
  ])('lets none follow where the stream %s', async (_, stream) => {
    const { publisher, groups, confirm, wrote } = rig(stream);
    const written = jest.fn();
    const publishing = publisher.publish(to, batchOf(4), written);
    while (wrote.count < 4) await turn();
    await turn();
    confirm(groups[0], 0, 4);
    await publishing;
    expect(written).not.toHaveBeenCalled();
  });

  it('writes nothing more once one of the batch before it has to be retried', async () => {
    const { publisher, wrote, groups, confirm, refusal } = rig();
    const first = publisher.publish(to, batchOf(2), () => undefined);
    await turn();
    const written = jest.fn();
    const second = publisher.publish(to, batchOf(2_000), written);
    await Promise.resolve();
    await Promise.resolve();
    expect(wrote.count).toBe(2 + 1_024);
    groups[0]?.settle(0, refusal);
    await turn();
    confirm(groups[0], 1, 1);
    confirm(groups[1], 0, 1_024);
    expect(await first).toMatchObject([refusal, { receipt: {} }]);
    const outcomes = await second;
    expect(wrote.count).toBe(2 + 1_024);
    expect(outcomes[1_023]).toEqual({ receipt: {} });
    expect(outcomes[1_024]).toMatchObject({ error: { written: 'no', retryable: true } });
    expect(written).not.toHaveBeenCalled();
  });

  it('is not written at all where one of the batch before it has to be retried already', async () => {
    const { publisher, wrote, groups, confirm, refusal } = rig();
    const first = publisher.publish(to, batchOf(2), () => undefined);
    await turn();
    groups[0]?.settle(0, refusal);
    const outcomes = await publisher.publish(to, batchOf(2));
    expect(outcomes).toMatchObject([{ error: { written: 'no' } }, { error: { written: 'no' } }]);
    expect(wrote.count).toBe(2);
    confirm(groups[0], 1, 1);
    await first;
  });

  it('is written again once the one before it is over', async () => {
    const { publisher, wrote, groups, confirm, refusal } = rig();
    const first = publisher.publish(to, batchOf(1));
    await turn();
    groups[0]?.settle(0, refusal);
    await first;
    const again = publisher.publish(to, batchOf(1));
    await turn();
    confirm(groups[1], 0, 1);
    expect(await again).toEqual([{ receipt: {} }]);
    expect(wrote.count).toBe(2);
  });
});
