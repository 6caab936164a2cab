import { describe, expect, it } from '@jest/globals';
import { type Arrived, pathOf, reaches, store, type Stored } from '../../lib/twin/index.js';
import { arrived as arrive } from '../support/arrived.js';

const publish = (broker: string, address: string, origin?: Arrived): Stored =>
  store(address, { body: null, origin }, 0, { broker });

describe('the hop path', () => {
  it('readers on the broker that published always get it', () => {
    const first = publish('a', 'orders');
    expect(reaches(first, 'a')).toBe(true);
    expect(reaches(publish('a', 'orders', arrive(first, 'a')), 'a')).toBe(true);
  });

  it('another broker gets it, once for each address', () => {
    const first = publish('a', 'orders');
    expect(reaches(first, 'b')).toBe(true);
    const mirrored = publish('b', 'orders', arrive(first, 'a'));
    expect(reaches(mirrored, 'b')).toBe(true);
    expect(reaches(mirrored, 'a')).toBe(false);
    expect(reaches(publish('b', 'bills', arrive(first, 'a')), 'a')).toBe(true);
  });

  it('a reading by another broker is a place of the path', () => {
    const carried = arrive(publish('a', 'orders'), 'b');
    const onward = publish('c', 'orders', carried);
    expect(reaches(onward, 'b')).toBe(false);
    expect(reaches(onward, 'd')).toBe(true);
  });

  it('a delivery says that it was carried only on another broker than the publisher', () => {
    const first = publish('a', 'orders');
    expect(arrive(first, 'a').carried).toBe(false);
    expect(arrive(first, 'b').carried).toBe(true);
  });

  it('what the server itself sends reaches everybody, and is not carried', () => {
    const own = store('inbox', { body: null }, 0);
    expect(reaches(own, 'a')).toBe(true);
    expect(arrive(own, 'a').carried).toBe(false);
  });

  it('does not grow on a message that goes in a circle', () => {
    let message = publish('a', 'orders');
    const path = pathOf(arrive(message, 'a'));
    for (let round = 0; round < 3; round++) message = publish('a', 'orders', arrive(message, 'a'));
    expect(pathOf(arrive(message, 'a'))).toBe(path);
  });
});
