import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';

import type { Outgoing } from '../../../../lib/driver/index.js';
import type { Connection } from '../../../../lib/nats/driver/connection/connection.js';
import { CorePublisher } from '../../../../lib/nats/driver/core/core-publisher.js';
import type { IngestPauses } from '../../../../lib/nats/driver/jetstream/ingest/ingest-pauses.js';
import type { JetStreamApi } from '../../../../lib/nats/driver/jetstream/jetstream-api.js';
import type { StreamLookup } from '../../../../lib/nats/driver/jetstream/stream-lookup.js';
import { PublishErrors } from '../../../../lib/nats/driver/connection/publish-errors.js';
import type { Inbox } from '../../../../lib/nats/driver/connection/inbox.js';
import { StreamPublisher } from '../../../../lib/nats/driver/jetstream/stream-publisher.js';
import type { WireWriter } from '../../../../lib/nats/driver/connection/wire-writer.js';
import { natsBroker, toStream } from '../../../../lib/nats/index.js';
import { VirtualClock } from '../../../../lib/twin/index.js';

/** A connection that is lost and back again between two turns of the loop. */
function make() {
  const connection = { up: true, epoch: 0, listen: () => () => undefined, pong: () => turn() };
  const written: number[] = [];
  const writer = {
    write: (_: unknown, message: Outgoing) => written.push(message.body!.length),
    send: () => undefined,
  };
  const errors = new PublishErrors('events');
  return { connection, writer, errors, written };
}

const batch: Outgoing[] = Array.from({ length: 5_000 }, () => ({ body: Buffer.from('x') }));
const broker = natsBroker({ name: 'events', client: {} });
const refusedFrom = (outcomes: readonly object[]) => outcomes.findIndex((outcome) => 'error' in outcome);

describe('a batch whose connection is lost and back within a turn of the loop', () => {
  it('is not written any further: core NATS', async () => {
    const { connection, writer, errors, written } = make();
    const publisher = new CorePublisher(connection as unknown as Connection, writer as unknown as WireWriter, errors);
    const publishing = publisher.publish(broker.destination('a'), batch);
    connection.epoch++;
    const outcomes = await publishing;
    expect(written.length).toBe(1_024);
    expect(refusedFrom(outcomes)).toBe(1_024);
    expect(outcomes.at(-1)).toMatchObject({ error: { code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no' } });
  });

  it('is not written any further: a stream', async () => {
    const { connection, writer, errors, written } = make();
    const replies = { expect: () => ({ prefix: 'inbox.', end: () => undefined }) };
    const clock = new VirtualClock();
    const publisher = new StreamPublisher({
      connection: connection as unknown as Connection,
      writer: writer as unknown as WireWriter,
      errors,
      inbox: replies as unknown as Inbox,
      lookup: {
        check: async () => undefined,
        streamOf: () => undefined,
        refused: async () => undefined,
        forget: () => undefined,
      } as unknown as StreamLookup,
      api: {} as JetStreamApi,
      pauses: {} as IngestPauses,
      clock,
      ackMs: 1_000,
    });
    const publishing = publisher.publish(broker.destination(toStream('a')), batch);
    await Promise.resolve();
    await Promise.resolve();
    expect(written.length).toBe(1_024);
    connection.epoch++;
    await turn();
    await turn();
    clock.advance(1_000);
    const outcomes = await publishing;
    expect(written.length).toBe(1_024);
    expect(outcomes[0]).toMatchObject({ error: { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', written: 'maybe' } });
    expect(outcomes.at(-1)).toMatchObject({ error: { code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no' } });
  });
});
