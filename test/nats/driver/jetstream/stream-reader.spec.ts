import { describe, expect, it } from '@jest/globals';
import { headers, type Msg } from 'nats';

import { PullBytes } from '../../../../lib/nats/driver/jetstream/puller.js';
import { StreamReader, type StreamReaderParts } from '../../../../lib/nats/driver/jetstream/stream-reader.js';
import type { Lane } from '../../../../lib/driver/index.js';
import { natsBroker, stream, type StreamOptions } from '../../../../lib/nats/index.js';
import { VirtualClock } from '../../../../lib/twin/index.js';
import { type Logged, testIo } from '../../../integration/nats/support.js';
import { turns } from '../../../support/turns.js';

describe('a reader', () => {
  /** A server that answers each pull by one message. */
  function make(answer: Partial<Msg>, options: Partial<StreamOptions> = {}) {
    const log: Logged[] = [];
    const clock = new VirtualClock();
    const told = new Map<string, (error: null, message: Msg) => void>();
    let pulls = 0;
    const nc = {
      subscribe: (inbox: string, { callback }: { callback: (error: null, message: Msg) => void }) => {
        told.set(inbox, callback);
        return { isClosed: () => false, unsubscribe: () => told.delete(inbox), drain: async () => told.delete(inbox) };
      },
      publish: (_subject: string, _body: string, { reply }: { reply: string }) => {
        pulls++;
        queueMicrotask(() => told.get(reply)?.(null, { subject: reply, ...answer } as Msg));
      },
    };
    const config: Record<string, unknown> = { ack_policy: 'explicit', deliver_policy: 'all' };
    const jsm = {
      streams: { info: async () => ({ config: { subjects: ['s'] } }) },
      consumers: { info: async () => ({ config, created: 'then', ack_floor: { stream_seq: 0 } }) },
    };
    const parts = {
      connection: { nc, up: true, listen: () => () => undefined, pong: async () => undefined },
      acks: { withNext: (publish: () => void) => setImmediate(publish) },
      api: { prefix: '$JS.API', manager: async () => jsm },
      pullBytes: new PullBytes(),
      io: { ...testIo([], log), clock },
      client: { createInbox: () => `inbox-${told.size}-${pulls}` },
    };
    const spec = natsBroker({ name: 'events', client: {} }).source(stream('S', { durable: 'd', ...options }));
    const lanes: Lane[] = [];
    const reader = new StreamReader(
      spec as never,
      { opened: (lane) => void lanes.push(lane), take: () => undefined },
      parts as unknown as StreamReaderParts,
    );
    return { reader, clock, log, config, lanes, pulls: () => pulls };
  }

  it('whose every pull is refused waits longer and longer before it pulls again, and says so in its health, and once in its log', async () => {
    const { reader, clock, log, pulls } = make({ headers: headers(409, 'Exceeded MaxWaiting') });
    await reader.prepare(AbortSignal.timeout(5_000));
    reader.start();
    await turns(50);
    expect(pulls()).toBe(2);
    expect(reader.healthIssues()).toEqual([expect.stringContaining('409 Exceeded MaxWaiting')]);
    clock.advance(100);
    await turns(50);
    expect(pulls()).toBe(3);
    clock.advance(100);
    await turns(50);
    expect(pulls()).toBe(3);
    clock.advance(100);
    await turns(50);
    expect(pulls()).toBe(4);
    expect(log.map(({ message }) => message)).toEqual([expect.stringContaining('409 Exceeded MaxWaiting')]);
    await reader.close();
  });

  it('tells of what it cannot settle, once, in its log and in its health', async () => {
    const { reader, clock, log, pulls } = make({ subject: 's', reply: 'somewhere.else' });
    await reader.prepare(AbortSignal.timeout(5_000));
    reader.start();
    await turns(50);
    const told = [expect.stringContaining("its reply subject 'somewhere.else' is not one of JetStream's ($JS.ACK)")];
    expect(reader.healthIssues()).toEqual(told);
    clock.advance(60_000);
    await turns(50);
    expect(pulls()).toBeGreaterThan(1);
    expect(log.map(({ message }) => message)).toEqual(told);
    await reader.close();
  });

  describe('of a consumer that is changed on the server', () => {
    const heartbeat = { headers: headers(100, 'Idle Heartbeat') };

    async function read(options?: Partial<StreamOptions>) {
      const made = make(heartbeat, options);
      await made.reader.prepare(AbortSignal.timeout(5_000));
      made.reader.start();
      const after = async (ms: number): Promise<void> => {
        made.clock.advance(ms);
        await turns(50);
      };
      await after(0);
      return { ...made, after };
    }

    it.each([
      ['filter', { filter_subject: 's.a' }],
      ['filter', { filter_subjects: ['s.a', 's.b'] }],
      ['priority groups', { priority_groups: ['g'] }],
      ['ack policy', { ack_policy: 'none' }],
    ])('pulls nothing once its %s differs, says so, and reads on once it is as it was', async (what, change) => {
      const { reader, config, log, pulls, after } = await read();
      const before = { ...config };
      Object.assign(config, change);
      await after(10_000);
      const told = expect.stringContaining(
        `Consumer 'd' of stream S of broker 'events' differs from its source: ${what}`,
      );
      expect(reader.healthIssues()).toEqual([told]);
      const asked = pulls();
      await after(5_000);
      await after(60_000);
      expect(pulls()).toBe(asked);
      expect(log.map(({ message }) => message)).toEqual([told]);
      const gone = Object.keys(change).map((key) => [key, undefined]);
      Object.assign(config, Object.fromEntries(gone), before);
      await after(10_000);
      expect(reader.healthIssues()).toEqual([]);
      expect(pulls()).toBe(asked + 1);
      await reader.close();
    });

    it('follows its limits, and says that the next start refuses those that it is told otherwise', async () => {
      const { reader, config, lanes, log, after } = await read({ maxAckPending: 1_000 });
      expect([lanes[0]?.leaseMs, lanes[0]?.maxPrefetch]).toEqual([30_000, 250]);
      Object.assign(config, { ack_wait: 2e9, max_ack_pending: 40 });
      await after(10_000);
      expect([lanes[0]?.leaseMs, lanes[0]?.maxPrefetch]).toEqual([2_000, 10]);
      const told = [
        expect.stringMatching(/changed on the server, .* refuses it: maxAckPending is 40 and should be 1000/),
      ];
      expect(reader.healthIssues()).toEqual(told);
      await after(60_000);
      expect(log.map(({ message }) => message)).toEqual(told);
      Object.assign(config, { max_ack_pending: 1_000 });
      await after(10_000);
      expect(reader.healthIssues()).toEqual([]);
      await reader.close();
    });
  });
});
