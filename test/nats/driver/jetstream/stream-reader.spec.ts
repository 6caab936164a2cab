import { describe, expect, it } from '@jest/globals';
import { headers, type Msg } from 'nats';

import { PullBytes } from '../../../../lib/nats/driver/jetstream/puller.js';
import { StreamReader, type StreamReaderParts } from '../../../../lib/nats/driver/jetstream/stream-reader.js';
import { natsBroker, stream } from '../../../../lib/nats/index.js';
import { VirtualClock } from '../../../../lib/twin/index.js';
import { type Logged, testIo } from '../../../integration/nats/support.js';
import { turns } from '../../../support/turns.js';

describe('a reader', () => {
  /** A server that answers each pull by one message. */
  function make(answer: Partial<Msg>) {
    const log: Logged[] = [];
    const clock = new VirtualClock();
    const told = new Map<string, (error: null, message: Msg) => void>();
    let pulls = 0;
    const nc = {
      subscribe: (inbox: string, { callback }: { callback: (error: null, message: Msg) => void }) => {
        told.set(inbox, callback);
        return { isClosed: () => false, unsubscribe: () => told.delete(inbox) };
      },
      publish: (_subject: string, _body: string, { reply }: { reply: string }) => {
        pulls++;
        queueMicrotask(() => told.get(reply)?.(null, { subject: reply, ...answer } as Msg));
      },
    };
    const config = { ack_policy: 'explicit', deliver_policy: 'all' };
    const jsm = {
      streams: { info: async () => ({ config: { subjects: ['s'] } }) },
      consumers: { info: async () => ({ config, created: 'then', ack_floor: { stream_seq: 0 } }) },
    };
    const parts = {
      connection: { nc, up: true, listen: () => () => undefined },
      acks: { withNext: (publish: () => void) => setImmediate(publish) },
      api: { prefix: '$JS.API', manager: async () => jsm },
      pullBytes: new PullBytes(),
      io: { ...testIo([], log), clock },
      client: { createInbox: () => `inbox-${told.size}-${pulls}` },
    };
    const spec = natsBroker({ name: 'events', client: {} }).source(stream('S', { durable: 'd' }));
    const reader = new StreamReader(
      spec as never,
      { opened: () => undefined, take: () => undefined },
      parts as unknown as StreamReaderParts,
    );
    return { reader, clock, log, pulls: () => pulls };
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
});
