import { expect, it } from '@jest/globals';
import { PerWiring } from '../../../lib/asyncapi/page/per-wiring.js';
import type { Topology } from '../../../lib/index.js';

const wiring = (...names: string[]): Topology =>
  ({ brokers: names.map((name) => ({ name })), handlers: [], waiting: [] }) as unknown as Topology;

it('a picture and a document are made once, and again when a broker was added', () => {
  const made = new PerWiring<object>();
  const first = made.of(wiring('a'), () => ({}));
  expect(made.of(wiring('a'), () => ({}))).toBe(first);
  expect(made.of(wiring('a', 'b'), () => ({}))).not.toBe(first);
});
