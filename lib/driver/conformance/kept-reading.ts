import assert from 'node:assert/strict';

import type { Driver } from '../driver.js';
import type { KeptAccess, KeptMessages } from '../kept-messages.js';
import { type Incoming, type Outgoing, rawHeadersOf } from '../message.js';
import { type Bench, keyed, numbered } from './bench.js';
import type { Place } from './target.js';
import { within } from './waiting.js';

/** Who reads: by default the driver that has stored the messages, for the one group of the place. */
interface By {
  readonly driver?: Driver;
  readonly group?: string;
}

/** A place with messages, and readers of what it keeps. */
export class KeptPlace {
  readonly group: string;

  constructor(
    private readonly bench: Bench,
    readonly place: Place,
    readonly driver: Driver,
  ) {
    this.group = bench.newGroup();
  }

  /** With so many messages of one key: they have one order. A stream is made by its first reader. */
  static async stored(bench: Bench, count: number): Promise<KeptPlace> {
    const { place, driver } = await bench.writer();
    await (await bench.read(driver, place.source())).leave();
    const kept = new KeptPlace(bench, place, driver);
    if (count > 0) await kept.publish(...numbered(count).map(keyed));
    return kept;
  }

  publish(...messages: readonly Outgoing[]): Promise<unknown> {
    return this.bench.publish(this.driver, this.place.destination, ...messages);
  }

  take(by?: By): Promise<Reading> {
    return this.read('take', by);
  }

  look(by?: By): Promise<Reading> {
    return this.read('look', by);
  }

  async read(access: KeptAccess, { driver = this.driver, group = this.group }: By = {}): Promise<Reading> {
    const { bench, place } = this;
    assert.ok(driver.kept, 'the driver has kept() if the features say so');
    const kept = await within(driver.kept(place.source({ group }), access, bench.signal), 'kept()', bench.patienceMs);
    bench.closes(kept);
    return new Reading(bench, kept);
  }
}

/** One reading, from its opening to its end. */
export class Reading {
  constructor(
    private readonly bench: Bench,
    readonly kept: KeptMessages,
  ) {}

  next(): Promise<Incoming | undefined> {
    return within(this.kept.next(this.bench.signal), 'next()', this.bench.patienceMs);
  }

  done(message: Incoming): Promise<void> {
    return this.kept.done(message);
  }

  close(): Promise<void> {
    return within(this.kept.close(), 'the end of a reading', this.bench.patienceMs);
  }

  async some(count: number): Promise<Incoming[]> {
    const came: Incoming[] = [];
    for (let index = 0; index < count; index++) {
      const message = await this.next();
      assert.ok(message, `only ${index} of ${count} messages came`);
      came.push(message);
    }
    return came;
  }

  /** All that comes, in order; those are done whose text is told to be. */
  async rest(isDone: (body: string) => boolean = () => false): Promise<Incoming[]> {
    const came: Incoming[] = [];
    for (let message = await this.next(); message !== undefined; message = await this.next()) {
      came.push(message);
      if (isDone(textOf(message))) await this.done(message);
    }
    return came;
  }

  async texts(isDone?: (body: string) => boolean): Promise<string[]> {
    return (await this.rest(isDone)).map(textOf);
  }
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
