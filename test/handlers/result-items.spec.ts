import { describe, expect, it } from '@jest/globals';
import { concat, defer, EMPTY, from, map, NEVER, Observable, of, Subject, throwError, timer } from 'rxjs';
import { outgoing } from '../../lib/driver/index.js';
import { resultItems } from '../../lib/handlers/index.js';

/** The payloads of the items, in whatever form they come. */
async function payloads(returned: unknown): Promise<unknown[] | undefined> {
  const result = await resultItems(returned);
  if (result === undefined) return undefined;
  if (!(Symbol.asyncIterator in result)) return [result].flat().map((item) => (item as { payload: unknown }).payload);
  const seen: unknown[] = [];
  for await (const { payload } of result) seen.push(payload);
  return seen;
}

describe('what a handler returns becomes', () => {
  it.each([
    ['undefined: no item', undefined, undefined],
    ['null: an item without a value', null, [null]],
    ['a string: itself', 'a', ['a']],
    ['0: itself', 0, [0]],
    ['false: itself', false, [false]],
    ['bytes: themselves', Buffer.from('a'), [Buffer.from('a')]],
    ['outgoing(): its payload', outgoing('a'), ['a']],
    ['a promise: what it resolves to', Promise.resolve('a'), ['a']],
    [
      'outgoing.each(): one item each, undefined ones left out',
      outgoing.each([1, undefined, outgoing(2), null]),
      [1, 2, null],
    ],
    ['an Observable: one item each', of(1, outgoing(2), undefined, 3), [1, 2, 3]],
    ['an Observable of outgoing.each(): one item each', of(0, outgoing.each([1, 2])), [0, 1, 2]],
    ['an empty Observable: no item', EMPTY, undefined],
    ['a promise of an Observable: one item each', Promise.resolve(of(1, 2)), [1, 2]],
    ['an Observable of one async iterable: one item each', of(numbers()), [1, 2, 3]],
    ['an async iterable: one item each', numbers(), [1, 2, 3]],
  ])('%s', async (_, returned, expected) => {
    expect(await payloads(returned)).toEqual(expected);
  });

  it('an array: one item', async () => {
    expect(await resultItems([1, 2])).toMatchObject({ payload: [1, 2] });
    expect(await resultItems(of([1, 2]))).toMatchObject({ payload: [1, 2] });
  });

  it('outgoing(): with its fields', async () => {
    const message = outgoing('a', { key: 'k', headers: { h: 'v' }, destination: 'd' });
    expect(await resultItems(message)).toBe(message);
  });
});

describe('an Observable', () => {
  it('is subscribed once', async () => {
    let subscribed = 0;
    await payloads(defer(() => of(++subscribed, 2)));
    expect(subscribed).toBe(1);
  });

  it('is subscribed although nobody wants its items', async () => {
    let subscribed = 0;
    await resultItems(defer(() => of(++subscribed, 2)));
    expect(subscribed).toBe(1);
  });

  it('gives its items as they come', async () => {
    const source = new Subject<number>();
    const pending = resultItems(source);
    source.next(1);
    const items = (await pending) as AsyncIterable<unknown>;
    const iterator = items[Symbol.asyncIterator]();
    expect(await iterator.next()).toMatchObject({ value: { payload: 1 } });
    const second = iterator.next();
    source.next(2);
    expect(await second).toMatchObject({ value: { payload: 2 } });
    source.complete();
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  it('keeps all items that come later', async () => {
    expect(
      await payloads(
        timer(1, 1).pipe(
          map((n) => n + 1),
          takeThree(),
        ),
      ),
    ).toEqual([1, 2, 3]);
  });

  it('made by throwError is a failure', async () => {
    await expect((async () => resultItems(throwError(() => new Error('no'))))()).rejects.toThrow('no');
  });

  it('that fails after some items gives these and then the failure', async () => {
    const result = (await resultItems(
      concat(
        of(1, 2),
        throwError(() => new Error('no')),
      ),
    )) as AsyncIterable<unknown>;
    const seen: unknown[] = [];
    await expect(
      (async () => {
        for await (const item of result) seen.push((item as { payload: unknown }).payload);
      })(),
    ).rejects.toThrow('no');
    expect(seen).toEqual([1, 2]);
  });

  it('is unsubscribed when the reader leaves early', async () => {
    let left = false;
    const source = new Observable<number>((subscriber) => {
      subscriber.next(1);
      subscriber.next(2);
      return () => (left = true);
    });
    for await (const _item of (await resultItems(concat(source, NEVER))) as AsyncIterable<unknown>) break;
    expect(left).toBe(true);
  });
});

it('a copy of outgoing(), as an interceptor makes one, is one', () => {
  const copy = { ...outgoing(1, { headers: { a: '1' } }), key: 'k' };
  expect(resultItems(copy)).toMatchObject({ payload: 1, key: 'k', headers: { a: '1' } });
});

it('a rejected promise is a failure', async () => {
  await expect(resultItems(Promise.reject(new Error('no')))).rejects.toThrow('no');
});

it('an async iterable that throws is a failure after its items', async () => {
  await expect(payloads(from(numbers()).pipe(map((n) => n)))).resolves.toEqual([1, 2, 3]);
  async function* failing() {
    yield 1;
    throw new Error('no');
  }
  await expect(payloads(failing())).rejects.toThrow('no');
});

async function* numbers() {
  yield 1;
  yield 2;
  yield 3;
}

function takeThree<T>() {
  return (source: Observable<T>): Observable<T> =>
    new Observable((subscriber) => {
      let seen = 0;
      return source.subscribe((value) => {
        subscriber.next(value);
        if (++seen === 3) subscriber.complete();
      });
    });
}
