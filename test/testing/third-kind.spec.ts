import { afterEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type {
  Driver,
  Incoming,
  Intake,
  DriverContext,
  Lane,
  Outcome,
  Outgoing,
  Sink,
  SourceSpec,
} from '../../lib/driver/index.js';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { fakeBroker } from '../support/fake-kind.js';
import { closeTestApps, testApp } from '../support/test-app.js';

/** A twin of somebody else: it knows the port alone, and delivers by its clock. */
class Twin implements Driver {
  #io: DriverContext | undefined;
  #count = 0;
  readonly #readers: { lane: Lane; sink: Sink }[] = [];

  async connect(io: DriverContext): Promise<void> {
    this.#io = io;
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink): Promise<Intake> {
    for (const source of sources) {
      const lane: Lane = {
        source,
        name: source.name,
        lost: new AbortController().signal,
        redelivery: 'none',
        backpressure: false,
        settle: () => {},
      };
      this.#readers.push({ lane, sink });
      sink.opened(lane);
    }
    return { stopFetching: async () => {}, flush: async () => {}, close: async () => {} };
  }

  async publish({ address }: { address: string }, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    for (const message of batch) this.#io?.clock.after(0, () => this.#deliver(address, message));
    return batch.map(() => ({ receipt: {} }));
  }

  async close(): Promise<void> {}

  native(): unknown {
    throw new Error('There is none');
  }

  #deliver(address: string, { body, headers = {} }: Outgoing): void {
    const position = String(++this.#count);
    const message: Incoming = {
      body,
      headers: () => headers,
      address,
      timestamp: 0,
      raw: {},
      position,
      deliveryCount: 1,
    };
    for (const { lane, sink } of this.#readers) if (lane.source.address === address) void sink.take(lane, [message]);
  }
}

@Injectable()
class Handlers {
  readonly seen: string[] = [];

  @Subscribe('queues', 'a')
  @PublishTo('queues', 'b')
  a(@Payload() text: string) {
    return text;
  }

  @Subscribe('queues', 'b')
  b(@Payload() text: string) {
    this.seen.push(text);
  }
}

afterEach(closeTestApps);

it('the harness waits for a third kind of twin, which delivers by its clock', async () => {
  const queues = { ...fakeBroker({ name: 'queues' }), twin: async () => new Twin() };
  const { harness, get } = await testApp([Handlers], { definitions: [queues] });
  await harness.publish('queues', 'a', 'x');
  expect(get(Handlers).seen).toEqual(['x']);
  expect(String(harness.timeline())).toContain('└─ \'queues\' ← b "x"');
});
