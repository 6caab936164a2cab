import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { StandardSchema } from '../../lib/driver/index.js';
import { bindingOf } from '../../lib/handlers/index.js';
import { declaration } from '../support/declaration.js';
import { TestContext } from '../support/delivery-context.js';
import { fakeBroker } from '../support/fake-kind.js';

const schema = z.object({ id: z.number(), at: z.string().optional().default('never') });
const later = schema.refine(async () => true);

async function handled(schema: unknown, body: string): Promise<unknown> {
  let seen: unknown = 'not called';
  const options = { schema: schema as StandardSchema };
  const binding = bindingOf(
    fakeBroker({ name: 'orders' }),
    declaration({ options, call: ({ message }) => void (seen = message.payload) }),
  );
  await binding.handle(new TestContext({ body }));
  return seen;
}

describe.each([
  ['synchronous', schema],
  ['asynchronous', later],
])('with a schema (%s)', (_, schema) => {
  it("the payload becomes the schema's output", async () => {
    expect(await handled(schema, '{"id":1,"more":2}')).toEqual({ id: 1, at: 'never' });
  });

  it('an invalid payload fails for good, with the paths and messages of its issues', async () => {
    await expect(handled(schema, '{"id":"topsecret","at":5}')).rejects.toMatchObject({
      code: 'MULTI_BROKER_SCHEMA_INVALID',
      retryable: false,
      broker: 'orders',
      handler: 'Orders.onCreated',
      message: expect.stringMatching(/id: .*expected number.*; at: .*expected string/),
    });
  });

  it('the values of an invalid payload do not appear in the message', async () => {
    await expect(handled(schema, '{"id":"topsecret"}')).rejects.toMatchObject({
      message: expect.not.stringContaining('topsecret'),
    });
  });
});

it('of very many issues the first ten are told, and how many more there are', async () => {
  const items = JSON.stringify(Array.from({ length: 25 }, () => 'x'));
  await expect(handled(z.array(z.number()), items)).rejects.toMatchObject({
    message: expect.stringMatching(/0: .*; 9: .*; and 15 more/),
  });
});

it('a payload that is wrong as a whole has no path', async () => {
  await expect(handled(z.string(), '1')).rejects.toMatchObject({ message: expect.stringContaining('(payload): ') });
});
