import assert from 'node:assert/strict';

import type { Driver } from '../driver.js';
import type { KeptAccess, KeptMessages } from '../kept-messages.js';
import { type Incoming, rawHeadersOf } from '../message.js';
import { type Bench, keyed, numbered } from './bench.js';
import type { Place, PlaceOptions } from './target.js';
import { within } from './waiting.js';

/** A place with so many messages of one key: they have one order. A stream is made by its first reader. */
export async function stored(bench: Bench, count: number): Promise<{ readonly place: Place; readonly driver: Driver }> {
  const { place, driver } = await bench.writer();
  await (await bench.read(driver, place.source())).leave();
  if (count > 0) await bench.publish(driver, place.destination, ...numbered(count).map(keyed));
  return { place, driver };
}

export async function open(
  bench: Bench,
  driver: Driver,
  place: Place,
  access: KeptAccess,
  { group = bench.newGroup() }: PlaceOptions = {},
): Promise<KeptMessages> {
  assert.ok(driver.kept, 'the driver has kept() if the features say so');
  const kept = await within(driver.kept(place.source({ group }), access, bench.signal), 'kept()', bench.patienceMs);
  bench.closes(kept);
  return kept;
}

export function next(bench: Bench, kept: KeptMessages): Promise<Incoming | undefined> {
  return within(kept.next(bench.signal), 'next()', bench.patienceMs);
}

export function close(bench: Bench, kept: KeptMessages): Promise<void> {
  return within(kept.close(), 'the end of a reading', bench.patienceMs);
}

export async function some(bench: Bench, kept: KeptMessages, count: number): Promise<Incoming[]> {
  const came: Incoming[] = [];
  for (let index = 0; index < count; index++) {
    const message = await next(bench, kept);
    assert.ok(message, `only ${index} of ${count} messages came`);
    came.push(message);
  }
  return came;
}

/** All that comes, in order; those are done whose text is told to be. */
export async function rest(
  bench: Bench,
  kept: KeptMessages,
  isDone: (body: string) => boolean = () => false,
): Promise<Incoming[]> {
  const came: Incoming[] = [];
  for (let message = await next(bench, kept); message !== undefined; message = await next(bench, kept)) {
    came.push(message);
    if (isDone(textOf(message))) await kept.done(message);
  }
  return came;
}

/** The body as text. */
export const textOf = ({ body }: Incoming): string => Buffer.from(body ?? '').toString();

/** All that does not depend on who reads it. */
export function contentOf(message: Incoming): string {
  const { body, key, rawKey, address, timestamp, position } = message;
  const hex = (bytes: Uint8Array | null | undefined): string | null | undefined =>
    bytes && Buffer.from(bytes).toString('hex');
  const headers = rawHeadersOf(message).map(([name, value]) => [name, hex(value)]);
  return JSON.stringify([position, hex(body), key, hex(rawKey), message.headers(), headers, address, timestamp]);
}

/** Asserts that their numbers rise. */
export function inOrder(messages: readonly Incoming[]): void {
  const numbers = messages.map((message) => Number(textOf(message).slice(1)));
  assert.deepEqual(
    numbers,
    [...numbers].sort((one, other) => one - other),
  );
}
