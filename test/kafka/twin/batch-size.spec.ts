import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batchSize } from '../../../lib/kafka/twin/twin-producer.js';

interface Encoded {
  readonly buffer: Buffer;
}
const require = createRequire(import.meta.url);
const record = require('kafkajs/src/protocol/recordBatch/record/v0') as (of: object) => Encoded;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (of: object) => Promise<Encoded>;
};

const body = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(63, 64, 8_191, 8_192, 1_048_516, 1_048_575, 1_048_576).map((length) => new Uint8Array(length)),
);
const text = fc.string({ unit: 'binary', maxLength: 100 });
const message = fc.record(
  { body, key: text, headers: fc.dictionary(text, text, { maxKeys: 80 }) },
  { requiredKeys: ['body'] },
);

describe('the size of a message on a Kafka twin', () => {
  it('is that of the batch which kafkajs would send', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (one) => {
        const value = one.body && Buffer.from(one.body);
        const written = record({ key: one.key ?? null, value, headers: one.headers });
        expect(batchSize(one)).toBe((await RecordBatch({ records: [written] })).buffer.length);
      }),
    );
  });
});
