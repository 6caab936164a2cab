import { expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { Looks, redriveOf } from '../../../lib/asyncapi/page/letters/letters.js';
import type { DeadLetter, MultiBroker, RedriveOptions } from '../../../lib/index.js';

const FROM = { broker: 'b', source: 'dlq' };

const letter = (body: Uint8Array | null): DeadLetter => ({
  ...{ location: 'dlq[0]@1', handler: 'A.b', binding: 'A.b', attempts: 1, at: new Date(0), deliveryId: 'd', body },
  ...{ from: { broker: 'b', source: 's', position: 'p' }, error: { name: 'Error', message: 'no' } },
  ...{ key: undefined, rawKey: undefined, headers: {}, rawHeaders: [] },
});

/** Brokers whose place of dead letters holds these. */
function holding(letters: readonly DeadLetter[]) {
  const seen = { looks: 0 };
  const brokers = {
    async *deadLetters(_: unknown, { limit = Infinity }: { limit?: number }) {
      seen.looks++;
      yield* letters.slice(0, limit);
    },
  };
  return { seen, looks: new Looks(brokers as unknown as MultiBroker, { keptMs: 100 }) };
}

it('all who look at a place at once share one look', async () => {
  const { looks, seen } = holding([letter(null)]);
  await Promise.all([looks.at('0', FROM, false), looks.at('0', FROM, true)]);
  expect(seen.looks).toBe(1);
  looks.forget('0');
  await looks.at('0', FROM, false);
  expect(seen.looks).toBe(2);
});

it('what a look has found is kept for 2 s, or until a redrive', async () => {
  const { looks, seen } = holding([letter(null)]);
  await looks.at('0', FROM, false);
  await looks.at('0', FROM, false);
  expect(seen.looks).toBe(1);
  await eventually(async () => {
    await looks.at('0', FROM, false);
    expect(seen.looks).toBe(2);
  });
});

it('what a look that failed has found is not kept', async () => {
  let looks = 0;
  const brokers = {
    async *deadLetters() {
      yield letter(null);
      if (++looks === 1) throw new Error('away');
    },
  };
  const both = new Looks(brokers as unknown as MultiBroker);
  await expect(both.at('0', FROM, false)).rejects.toThrow('away');
  expect((await both.at('0', FROM, false)).letters).toHaveLength(1);
});

it('a look shows 50 letters, and that there are more', async () => {
  const { looks } = holding(Array.from({ length: 60 }, () => letter(null)));
  const { letters, more } = await looks.at('0', FROM, false);
  expect([letters.length, more]).toEqual([50, true]);
});

it.each<[string, Uint8Array | null, unknown]>([
  ['text as text', Buffer.from('{"a":"ä"}'), { text: '{"a":"ä"}', encoding: 'utf8', size: 10 }],
  ['other bytes as base64', Buffer.from([255, 254]), { text: '//4=', encoding: 'base64', size: 2 }],
  ['no value as none', null, null],
])('a payload is shown to an administrator: %s', async (_, body, shown) => {
  const { looks } = holding([letter(body)]);
  expect((await looks.at('0', FROM, true)).letters).toMatchObject([{ body: shown }]);
  const [seen] = (await looks.at('0', FROM, false)).letters;
  expect(seen).not.toHaveProperty('body');
  expect(seen).not.toHaveProperty('key');
});

it('of a large payload the beginning is shown, cut between characters', async () => {
  const { looks } = holding([letter(Buffer.from(`x${'ä'.repeat(20_000)}`))]);
  const [only] = (await looks.at('0', FROM, true)).letters;
  expect(only?.body).toMatchObject({ encoding: 'utf8', size: 40_001, text: `x${'ä'.repeat(8_191)}` });
});

it('the redrive of one letter takes that one alone, even of two with one delivery id', async () => {
  let options: RedriveOptions = {};
  const brokers = { redrive: (_: unknown, given: RedriveOptions) => void (options = given) };
  await redriveOf(brokers as unknown as MultiBroker, FROM, { deliveryId: 'd', location: 'dlq[0]@2' });
  expect(options.limit).toBe(1);
  const [one, other] = ['dlq[0]@1', 'dlq[0]@2'].map((location) => ({ ...letter(null), location }));
  expect([options.filter?.(one!), options.filter?.(other!)]).toEqual([false, true]);
});

it.each<[string, number]>([
  ['that never opens', 0],
  ['that ends nowhere', 2],
])('a look at a place %s is cut, and says so', async (_, found) => {
  const brokers = {
    async *deadLetters() {
      for (let at = 0; at < found; at++) yield letter(null);
      await new Promise(() => undefined);
    },
  };
  const looks = new Looks(brokers as unknown as MultiBroker, { lookMs: 10 });
  const { letters, cut } = await looks.at('0', FROM, false);
  expect([letters.length, cut]).toEqual([found, true]);
});

it('a look that came to the end is not cut', async () => {
  expect(await holding([]).looks.at('0', FROM, false)).toEqual({ letters: [], more: false, cut: false });
});
