import { afterEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { bytes, Ctx, type MessageContext, Subscribe } from '../../../lib/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

@Injectable()
class Batches {
  readonly contexts: MessageContext[] = [];

  @Subscribe('orders', 'incoming', { ack: 'manual', codec: bytes })
  on(@Ctx() context: MessageContext) {
    this.contexts.push(context);
  }
}

afterEach(closeTestApps);

it('a partition of a Kafka twin stands with 8 MiB unsettled, as on the server, and health says so', async () => {
  const { get, harness, broker } = await testApp([Batches]);
  const { contexts } = get(Batches);
  const key = 'one partition';
  const body = Buffer.alloc(100_000);
  await broker('orders').publishBatch(
    'incoming',
    Array.from({ length: 100 }, () => body),
    { key, codec: bytes },
  );
  await harness.settled();
  expect(contexts).toHaveLength(84);
  expect(broker('orders').health()).toMatchObject({
    status: 'degraded',
    reasons: [expect.stringContaining('84 messages are handled and not settled (8 MiB)')],
  });
  contexts[40]?.ack();
  await harness.settled();
  expect(contexts).toHaveLength(85);
  for (const context of contexts) if (context !== contexts[40]) context.ack();
  await harness.settled();
  expect([contexts.length, broker('orders').health().reasons]).toEqual([100, []]);
  for (const context of contexts.slice(85)) context.ack();
});
