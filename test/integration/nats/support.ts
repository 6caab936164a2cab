import { connect, type NatsConnection } from 'nats';

import type {
  Driver,
  Incoming,
  Intake,
  DriverContext,
  Lane,
  Outgoing,
  Settlement,
  Sink,
  SourceSpec,
} from '../../../lib/driver/index.js';
import { type Clock, systemClock } from '../../../lib/async/index.js';
import { natsBroker, type NatsBrokerDefinition, type NatsBrokerOptions } from '../../../lib/nats/index.js';
import { realBrokers, until } from '../../support/real-brokers.js';
import { expect } from '@jest/globals';
import { natsLibrary } from '../../support/nats-library.js';

export interface Logged {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
}

/** A connected driver with what it told. */
export interface Started {
  definition: NatsBrokerDefinition;
  driver: Driver;
  states: string[];
  logs: Logged[];
  io: DriverContext;
  subscribe(sink: Sink, ...sources: SourceSpec[]): Promise<Intake>;
}

const open: { close(): Promise<unknown> }[] = [];

/** Closes what a test left open; for afterEach. */
export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((one) => one.close()));
}

export const closeLater = <T extends { close(): Promise<unknown> }>(one: T): T => {
  open.push(one);
  return one;
};

export function testIo(states: string[], logs: Logged[]): DriverContext {
  const say = (level: Logged['level']) => (message: string) => void logs.push({ level, message });
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  return {
    broker: 'events',
    clock: systemClock,
    log,
    state: (now) => void states.push(now),
    shared: (_key, make) => make(),
  };
}

/** Connects a driver, to the shared server unless told otherwise. */
export async function start(options: Partial<NatsBrokerOptions> = {}, clock: Clock = systemClock): Promise<Started> {
  const definition = natsBroker({
    name: 'events',
    library: natsLibrary,
    client: { servers: realBrokers().nats },
    ...options,
  });
  const driver = closeLater(await definition.driver());
  const states: string[] = [];
  const logs: Logged[] = [];
  const io = { ...testIo(states, logs), clock };
  await driver.connect(io, AbortSignal.timeout(10_000));
  expect(logs.splice(0)).toEqual([{ level: 'info', message: expect.stringContaining('connected by') }]);
  return {
    definition,
    driver,
    states,
    logs,
    io,
    subscribe: async (sink, ...sources) =>
      closeLater(await driver.subscribe(sources, sink, AbortSignal.timeout(10_000))),
  };
}

/** A plain client, to look at the driver from outside. */
export async function outside(servers: string = realBrokers().nats): Promise<NatsConnection> {
  return closeLater(await connect({ servers, maxReconnectAttempts: -1 }));
}

export interface Taken {
  lane: Lane;
  message: Incoming;
}

/** A sink that keeps what it takes; `settle` is applied to each at once. */
export class Collector implements Sink {
  readonly lanes: Lane[] = [];
  readonly taken: Taken[] = [];
  readonly batches: number[] = [];
  /** While given: what `take` returns. */
  full: Promise<void> | undefined;

  constructor(private readonly settle?: (message: Incoming) => Settlement | undefined) {}

  opened(lane: Lane): void {
    this.lanes.push(lane);
  }

  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void> {
    this.batches.push(batch.length);
    for (const message of batch) {
      this.taken.push({ lane, message });
      const how = this.settle?.(message);
      if (how !== undefined) lane.settle(message, how);
    }
    return this.full;
  }

  get texts(): string[] {
    return this.taken.map(({ message }) => Buffer.from(message.body ?? []).toString());
  }

  async until(count: number, timeoutMs = 10_000): Promise<Taken[]> {
    await until(() => this.taken.length >= count, { what: `${count} messages are taken`, timeoutMs });
    return this.taken;
  }
}

export const text = (body: string, more: Partial<Outgoing> = {}): Outgoing => ({ ...more, body: Buffer.from(body) });

export const texts = (count: number, prefix = 'm'): Outgoing[] =>
  Array.from({ length: count }, (_, index) => text(`${prefix}${index}`));

export const ok = (outcome: unknown): boolean => (outcome as { receipt?: unknown }).receipt !== undefined;

/** The error's code and whether it was written, for comparisons. */
export const verdict = (outcome: unknown): string => {
  const { error } = outcome as { error?: { code: string; written: string } };
  return error === undefined ? 'ok' : `${error.code} ${error.written}`;
};
