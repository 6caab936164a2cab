import type { Attributes, Counter } from '@opentelemetry/api';
import { expect, it } from '@jest/globals';
import { Tally } from '../../lib/telemetry/tally.js';

function tally() {
  const told: [number, Attributes | undefined][] = [];
  const counter: Counter = { add: (count, attributes) => void told.push([count, attributes]) };
  return { told, tally: new Tally(counter) };
}

const one = { of: 'one' };
const other = { of: 'other' };

it('the first of a series is told at once, as its start time is that of the first call, and the others together', () => {
  const { told, tally: counts } = tally();
  for (const attributes of [one, one, other, one]) counts.add(attributes);
  expect(told).toEqual([
    [1, one],
    [1, other],
  ]);
  counts.tell();
  expect(told.slice(2)).toEqual([[2, one]]);
});

it('what was told is not told again, and a known series is not told of at once', () => {
  const { told, tally: counts } = tally();
  for (const attributes of [one, one]) counts.add(attributes);
  counts.tell();
  counts.tell();
  counts.add(one);
  expect(told).toEqual([
    [1, one],
    [1, one],
  ]);
});

it('of more than 1,000 series none is kept, as nobody may ever collect', () => {
  const { told, tally: counts } = tally();
  const series = Array.from({ length: 1_001 }, (_, of) => ({ of }));
  for (const attributes of series) counts.add(attributes);
  counts.add(series[1_000]!);
  counts.add(series[0]!);
  expect(told).toHaveLength(1_002);
  counts.tell();
  expect(told.slice(1_002)).toEqual([[1, series[1_000]]]);
});

it('after its end each is told at once, as nobody may ask for them any more', () => {
  const { told, tally: counts } = tally();
  for (const attributes of [one, one]) counts.add(attributes);
  counts.end();
  for (const attributes of [one, other]) counts.add(attributes);
  expect(told).toEqual([
    [1, one],
    [1, one],
    [1, one],
    [1, other],
  ]);
});
