import { afterEach, jest } from '@jest/globals';

import { systemClock } from '../../../lib/async/index.js';
import type { ConnectionState, Driver, DriverContext, Intake, Outgoing } from '../../../lib/driver/index.js';
import {
  type KafkaBrokerDefinition,
  type KafkaBrokerOptions,
  topic,
  type TopicOptions,
} from '../../../lib/kafka/index.js';
import { realBrokers } from '../brokers/shared.js';
import { uniqueName } from '../brokers/unique-name.js';
import { kafkaBrokerOf, type KafkaChoice } from '../kafka-library.js';
import { RecordingSink } from './recording-sink.js';

export interface Connected {
  readonly driver: Driver;
  readonly definition: KafkaBrokerDefinition;
  /** `level: message`, a line each. */
  readonly log: string[];
  readonly states: ConnectionState[];
  /** Publishes texts, each outcome a receipt's position or an error. */
  publish(topicName: string, ...texts: string[]): Promise<string[]>;
  /** Reads topics with a sink of its own. */
  read(names: string | RegExp | readonly (string | RegExp)[], options?: ReadOptions): Promise<Reading>;
}

export interface ReadOptions extends TopicOptions {
  readonly sink?: RecordingSink;
  readonly signal?: AbortSignal;
}

export interface Reading {
  readonly intake: Intake;
  readonly sink: RecordingSink;
}

const open = new Set<Driver>();

/** Call once in a file: closes what a test left open. */
export function closeAfterEach(): void {
  jest.setTimeout(60_000);
  afterEach(async () => {
    await Promise.all([...open].map((driver) => driver.close()));
    open.clear();
  });
}

/** A member that is gone, or new, is known soon. */
export const consumerOptions = { heartbeatInterval: 100, sessionTimeout: 10_000, rebalanceTimeout: 10_000 };

/** A broker on the real Kafka, connected. */
export async function connected(
  options: Partial<KafkaBrokerOptions> = {},
  choice: KafkaChoice = {},
): Promise<Connected> {
  const whole = {
    name: 'orders',
    groupId: uniqueName('group'),
    commitIntervalMs: 50,
    ...options,
    client: { brokers: realBrokers().kafka, ...options.client },
  };
  const definition = kafkaBrokerOf(whole, choice);
  const driver = await definition.driver();
  const { io, log, states } = recordingIo();
  await driver.connect(io, AbortSignal.timeout(20_000));
  open.add(driver);
  return {
    driver,
    definition,
    log,
    states,
    publish: async (name, ...texts) => {
      const outcomes = await driver.publish(definition.destination(name), texts.map(outgoing));
      return outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : (outcome.receipt.position ?? '?')));
    },
    read: async (names, { sink = new RecordingSink(), signal = AbortSignal.timeout(20_000), ...source } = {}) => {
      const list = Array.isArray(names) ? (names as (string | RegExp)[]) : [names as string | RegExp];
      const specs = list.map((name) => definition.source(topic(name, source)));
      return { intake: await driver.subscribe(specs, sink, signal), sink };
    },
  };
}

export const outgoing = (text: string): Outgoing => ({ body: Buffer.from(text) });

export function recordingIo(): { io: DriverContext; log: string[]; states: ConnectionState[] } {
  const log: string[] = [];
  const states: ConnectionState[] = [];
  const line = (level: string) => (message: string) => void log.push(`${level}: ${message}`);
  const io: DriverContext = {
    broker: 'orders',
    clock: systemClock,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    state: (now) => void states.push(now),
    shared: (_key, make) => make(),
  };
  return { io, log, states };
}
