import { expect, it } from '@jest/globals';
import { auto } from '../../lib/codec/index.js';
import { filterOf } from '../../lib/handlers/binding.js';
import { declaration } from '../support/declaration.js';
import { TestContext } from '../support/delivery-context.js';

it('a filter sees the decoded payload', () => {
  const seen: unknown[] = [];
  const filter = filterOf(declaration({ options: { filter: ({ payload }) => seen.push(payload) > 0 } }), auto);
  expect(filter!(new TestContext({ body: '{"id":1}' }))).toBe(true);
  expect(seen).toEqual([{ id: 1 }]);
});

it('a body that cannot be decoded is a failure, not a message that is not wanted', () => {
  const filter = filterOf(declaration({ options: { filter: () => false } }), auto);
  const context = new TestContext({ body: '{', headers: { 'content-type': 'application/json' } });
  expect(() => filter!(context)).toThrow(expect.objectContaining({ code: 'MULTI_BROKER_UNDECODABLE' }));
});
