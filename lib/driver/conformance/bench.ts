import assert from 'node:assert/strict';

import { isMultiBrokerError } from '../../errors/index.js';
import type { DestinationSpec, SourceSpec } from '../definition.js';
import type { ConnectionState, Driver, Io, Log, Outcome, Receipt } from '../driver.js';
import type { Outgoing } from '../message.js';
import { Probe, type ProbeBehaviour } from './probe.js';
import type { ConformanceTarget, Place, PlaceOptions } from './target.js';
import { breathe, until, within } from './waiting.js';

const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A place of a test's own, and a driver. */
export interface Writer {
  readonly place: Place;
  readonly driver: Driver;
}

/** The same, and one who reads the place. */
export interface Reader extends Writer {
  readonly probe: Probe;
}

/** One test's drivers and readers, closed when it ends. */
export class Bench {
  readonly patienceMs: number;
  readonly states: ConnectionState[] = [];
  readonly #drivers: Driver[] = [];
  readonly #probes: Probe[] = [];
  readonly #never = new AbortController();
  readonly #shared: Io['shared'];
  #groups = 0;

  constructor(readonly target: ConformanceTarget) {
    this.patienceMs = target.patienceMs ?? 15_000;
    this.#shared = target.shared ?? sharing();
  }

  /** Of an operation that is not to be given up. */
  get signal(): AbortSignal {
    return this.#never.signal;
  }

  /** A connected driver. */
  async open(broker = 'conformance'): Promise<Driver> {
    return this.connect(await this.target.makeDriver(), broker);
  }

  async connect(driver: Driver, broker = 'conformance'): Promise<Driver> {
    this.#drivers.push(driver);
    await within(driver.connect(this.io(broker), this.signal), 'connect()', this.patienceMs);
    return driver;
  }

  io(broker = 'conformance'): Io {
    const state = (now: ConnectionState): void => void this.states.push(now);
    return { broker, clock: this.target.clock, log: silent, state, shared: this.#shared };
  }

  /** Reads, and settles each message unless told otherwise. */
  async read(
    driver: Driver,
    source: SourceSpec | readonly SourceSpec[],
    behaviour: ProbeBehaviour = done,
  ): Promise<Probe> {
    const sources = [source].flat() as readonly SourceSpec[];
    const probe = new Probe(sources, behaviour, this.patienceMs);
    this.#probes.push(probe);
    probe.intake = await within(driver.subscribe(sources, probe, this.signal), 'subscribe()', this.patienceMs * 2);
    return probe;
  }

  async writer(): Promise<Writer> {
    return { place: await this.target.makePlace(), driver: await this.open() };
  }

  async reader(behaviour?: ProbeBehaviour, options?: PlaceOptions): Promise<Reader> {
    const { place, driver } = await this.writer();
    return { place, driver, probe: await this.read(driver, place.source(options), behaviour) };
  }

  /** A reader in a group that others may join. */
  async member(behaviour?: ProbeBehaviour, options?: PlaceOptions): Promise<Reader & { readonly group: string }> {
    const group = this.newGroup();
    return { group, ...(await this.reader(behaviour, { ...options, group })) };
  }

  /** A name that no other group has. */
  newGroup(): string {
    // The clock of a twin may stand.
    return `g-${this.target.clock.now()}-${++this.#groups}`;
  }

  /** Publishes texts, or whole messages, and expects every one to be confirmed. */
  async publish(driver: Driver, to: DestinationSpec, ...messages: readonly (string | Outgoing)[]): Promise<Receipt[]> {
    const outcomes = await this.tryPublish(driver, to, ...messages);
    return outcomes.map((outcome) => {
      if ('error' in outcome) throw outcome.error;
      return outcome.receipt;
    });
  }

  async tryPublish(
    driver: Driver,
    to: DestinationSpec,
    ...messages: readonly (string | Outgoing)[]
  ): Promise<readonly Outcome[]> {
    const batch = messages.map((message) => (typeof message === 'string' ? text(message) : message));
    return within(driver.publish(to, batch), 'publish()', this.patienceMs);
  }

  /** Waits until the drivers of this test told this state last. */
  async hasState(state: ConnectionState): Promise<void> {
    await until(
      () => this.states.at(-1) === state,
      () => `no driver told '${state}' but ${this.states.join(', ')}`,
      this.patienceMs,
    );
  }

  /** Waits until each of these came, to whomever. */
  async untilAll<T>(due: readonly T[], came: (one: T) => boolean): Promise<void> {
    const missing = (): T[] => due.filter((one) => !came(one));
    await until(
      () => missing().length === 0,
      () => `${missing().slice(0, 5).join(', ')} (${missing().length} of ${due.length}) did not come`,
      this.patienceMs,
    );
  }

  /** Some milliseconds of the wall clock, for what is done again and again. */
  breathe(): Promise<void> {
    return breathe();
  }

  /** Lets time pass: at once where the clock can be moved. */
  async pass(ms: number): Promise<void> {
    const { advance, clock } = this.target;
    const end = clock.now() + ms;
    if (advance === undefined)
      await until(
        () => clock.now() >= end,
        () => 'the clock stands still',
        ms + this.patienceMs,
      );
    else await advance.call(this.target, ms);
  }

  /** Closes all, whatever happened; then tells what a driver did that it must not. */
  async end(): Promise<void> {
    for (const probe of this.#probes) await within(probe.leave(), 'the end of a reader', this.patienceMs);
    for (const driver of this.#drivers) await within(driver.close(), 'close()', this.patienceMs);
    assert.deepEqual(
      this.#probes.flatMap(({ faults }) => faults),
      [],
    );
  }
}

const done: ProbeBehaviour = { settle: () => 'done' };

/** Leaves every message unsettled. */
export const keep: ProbeBehaviour = {};

/** A message of this text. */
export function text(body: string, more: Omit<Outgoing, 'body'> = {}): Outgoing {
  return { body: Buffer.from(body), ...more };
}

/** A message of this text and a key that all of these have: where a key has a place, they are in one order. */
export function keyed(body: string): Outgoing {
  return text(body, { key: 'k' });
}

/** `m0`, `m1` and so on. */
export function numbered(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** The code that a promise rejects with; fails where it is none of the catalogue's. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown = await promise.then(
    () => assert.fail('it was expected to reject'),
    (error: unknown) => error,
  );
  assert.ok(isMultiBrokerError(thrown), `not one of the catalogue: ${String(thrown)}`);
  return thrown.code;
}

function sharing(): Io['shared'] {
  const made = new Map<string, unknown>();
  return <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
  };
}

function nothing(): void {
  // Nobody reads it.
}
