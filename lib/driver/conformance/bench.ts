import assert from 'node:assert/strict';

import { isMultiBrokerError } from '../../errors/index.js';
import type { DestinationSpec, SourceSpec } from '../addressing.js';
import type { ConnectionState, Driver, DriverContext, Logger, Outcome, Receipt } from '../driver.js';
import type { KeptMessages } from '../kept-messages.js';
import type { Outgoing } from '../message.js';
import { Probe, type ProbeBehaviour } from './probe.js';
import type { ConformanceTarget, Place, PlaceOptions } from './target.js';
import { breathe, until, within } from './waiting.js';

const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A connected driver, and a place that only this test uses. */
export interface Writer {
  readonly place: Place;
  readonly driver: Driver;
}

/** The same, with a reader of the place. */
export interface Reader extends Writer {
  readonly probe: Probe;
}

/** Drivers and readers of one test, closed when it ends. */
export class Bench {
  readonly patienceMs: number;
  readonly states: ConnectionState[] = [];
  private readonly drivers: Driver[] = [];
  private readonly probes: Probe[] = [];
  private readonly readings: KeptMessages[] = [];
  private readonly never = new AbortController();
  private readonly shared: DriverContext['shared'];
  private groups = 0;

  constructor(readonly target: ConformanceTarget) {
    this.patienceMs = target.patienceMs ?? 15_000;
    this.shared = target.shared ?? sharing();
  }

  /** A signal that never aborts. */
  get signal(): AbortSignal {
    return this.never.signal;
  }

  /** A connected driver. */
  async open(broker = 'conformance'): Promise<Driver> {
    return this.connect(await this.target.makeDriver(), broker);
  }

  async connect(driver: Driver, broker = 'conformance'): Promise<Driver> {
    this.drivers.push(driver);
    await within(driver.connect(this.context(broker), this.signal), 'connect()', this.patienceMs);
    return driver;
  }

  context(broker = 'conformance'): DriverContext {
    const state = (now: ConnectionState): void => void this.states.push(now);
    return { broker, clock: this.target.clock, log: SILENT, state, shared: this.shared };
  }

  /** Subscribes, and by default acks each message. */
  async read(
    driver: Driver,
    source: SourceSpec | readonly SourceSpec[],
    behaviour: ProbeBehaviour = ACK_ALL,
  ): Promise<Probe> {
    const sources = [source].flat() as readonly SourceSpec[];
    const probe = new Probe(sources, behaviour, this.patienceMs);
    this.probes.push(probe);
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
    // A counter as well, since the clock of a twin may stand still.
    return `g-${this.target.clock.now()}-${++this.groups}`;
  }

  /** Publishes strings or whole messages; throws if one is not confirmed. */
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

  /** Publishes batches, each as soon as the one before it is written, where the driver tells, or else confirmed. */
  async publishBehind(driver: Driver, to: DestinationSpec, batches: readonly (readonly Outgoing[])[]): Promise<void> {
    const confirmations: Promise<readonly Outcome[]>[] = [];
    for (const batch of batches) {
      let tell = (): void => {};
      const written = new Promise<void>((resolve) => (tell = resolve));
      const confirmed = within(driver.publish(to, batch, tell), 'publish()', this.patienceMs);
      confirmations.push(confirmed);
      await Promise.race([written, confirmed]);
    }
    for (const outcome of (await Promise.all(confirmations)).flat()) if ('error' in outcome) throw outcome.error;
  }

  /** Closes the reading when the test ends. */
  closes(kept: KeptMessages): void {
    this.readings.push(kept);
  }

  /** Waits until this is the last state that a driver of the test has reported. */
  async hasState(state: ConnectionState): Promise<void> {
    await until(
      () => this.states.at(-1) === state,
      () => `no driver reported '${state}', only ${this.states.join(', ')}`,
      this.patienceMs,
    );
  }

  /** Waits until `came` is true for each of these. */
  async untilAll<T>(due: readonly T[], came: (one: T) => boolean): Promise<void> {
    const missing = (): T[] => due.filter((one) => !came(one));
    await until(
      () => missing().length === 0,
      () => `${missing().slice(0, 5).join(', ')} (${missing().length} of ${due.length}) did not arrive`,
      this.patienceMs,
    );
  }

  /** A pause of a few milliseconds of real time, for loops. */
  breathe(): Promise<void> {
    return breathe();
  }

  /** Lets time pass; immediately if the clock can be moved. */
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

  /** Closes everything, then fails if a driver violated the port. */
  async end(): Promise<void> {
    for (const probe of this.probes) await within(probe.leave(), 'the end of a reader', this.patienceMs);
    for (const kept of this.readings) await within(kept.close(), 'the end of a reading', this.patienceMs);
    for (const driver of this.drivers) await within(driver.close(), 'close()', this.patienceMs);
    assert.deepEqual(
      this.probes.flatMap(({ faults }) => faults),
      [],
    );
  }
}

const ACK_ALL: ProbeBehaviour = { settle: () => 'ack' };

/** Leaves every message unsettled. */
export const keep: ProbeBehaviour = {};

/** A message with this text as its body. */
export function text(body: string, more: Omit<Outgoing, 'body'> = {}): Outgoing {
  return { body: Buffer.from(body), ...more };
}

/** A message with this text and one common key, so that all of them are ordered where order is by key. */
export function keyed(body: string): Outgoing {
  return text(body, { key: 'k' });
}

/** `m0`, `m1` and so on. */
export function numbered(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** The code of the error that a promise rejects with; fails if it is not an error of the catalogue. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown = await promise.then(
    () => assert.fail('it was expected to reject'),
    (error: unknown) => error,
  );
  assert.ok(isMultiBrokerError(thrown), `not one of the catalogue: ${String(thrown)}`);
  return thrown.code;
}

function sharing(): DriverContext['shared'] {
  const made = new Map<string, unknown>();
  return <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
  };
}

function nothing(): void {
  // The suite does not check logs.
}
