import { randomUUID } from 'node:crypto';
import type { BrokerDefinition, ConformanceTarget, Driver, Place, PlaceOptions } from '../../../lib/driver/public.js';
import type { kafkaBroker } from '../../../lib/kafka/index.js';
import { topic } from '../../../lib/kafka/index.js';
import type { natsBroker } from '../../../lib/nats/index.js';
import { stream, type StreamOptions, subject, toStream } from '../../../lib/nats/index.js';

/** What differs between a twin and the real thing. */
export type Setting = Pick<ConformanceTarget, 'clock'> &
  Partial<
    Pick<
      ConformanceTarget,
      'advance' | 'shared' | 'makeDeadDriver' | 'makeDoomedDriver' | 'makeUnsteady' | 'patienceMs'
    >
  > & {
    readonly name: 'twin' | 'real' | 'real, @nats-io' | 'real, @platformatic/kafka' | 'real, allowBatched';
    makeDriver(): Promise<Driver>;
  };

const unique = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 8)}`;
const MB = 1_048_576;

type Kafka = ReturnType<typeof kafkaBroker>;
type Nats = ReturnType<typeof natsBroker>;

/** A place of a Kafka definition: a topic of its own. */
export function topicPlace(definition: Kafka, name = unique('conformance')): Place {
  return {
    source: ({ group = unique('group'), fromEnd = false }: PlaceOptions = {}) =>
      definition.source(topic(name, { groupId: group, fromBeginning: !fromEnd })),
    destination: definition.destination(name),
  };
}

export function subjectPlace(definition: Nats): Place {
  const name = unique('conformance');
  return {
    source: ({ group }: PlaceOptions = {}) =>
      definition.source(subject(name, group === undefined ? {} : { queue: group })),
    destination: definition.destination(name),
  };
}

export function streamPlace(definition: Nats, options: Partial<StreamOptions> = {}): Place {
  const name = unique('CONFORMANCE');
  return {
    source: ({ group = unique('durable'), fromEnd = false, leaseMs }: PlaceOptions = {}) =>
      definition.source(
        stream(name, {
          subjects: [`${name}.>`],
          durable: group,
          storage: 'memory',
          ...options,
          ...(fromEnd && { deliver: 'new' as const }),
          ...(leaseMs !== undefined && { ackWaitMs: leaseMs }),
        }),
      ),
    destination: definition.destination(toStream(`${name}.one`)),
  };
}

const resolving = (definition: BrokerDefinition, ...names: string[]): (() => unknown)[] =>
  names.flatMap((name) => [() => definition.destination(name), () => definition.source(name)]);

export function kafkaTarget(
  definition: Kafka,
  setting: Setting,
  makePlace = (): Promise<Place> | Place => topicPlace(definition),
): ConformanceTarget {
  return {
    ...setting,
    name: `Kafka (${setting.name})`,
    makePlace,
    needs: (use) => definition.needs?.(use) ?? [],
    makeMissingPlace: () => topicPlace(definition),
    invalidAddresses: resolving(definition, '', '..', 'with blank', 'line\r\nbreak', 'a/b', 'x'.repeat(250)),
    features: {
      durable: true,
      kept: true,
      redelivery: 'in-place',
      backpressure: true,
      groups: true,
      lag: true,
      inspect: setting.name !== 'twin',
      emptyIsNotNull: true,
      dedupes: false,
      request: false,
      tooLargeBytes: 2 * MB,
      twin: setting.name === 'twin',
    },
  };
}

export function subjectTarget(definition: Nats, setting: Setting): ConformanceTarget {
  return {
    ...setting,
    name: `core NATS (${setting.name})`,
    makePlace: () => subjectPlace(definition),
    replyDestination: (replyTo) => definition.destination(replyTo),
    invalidAddresses: resolving(definition, '', 'a..b', '.a', 'a b', 'a\r\nb'),
    invalidHeader: ['x-header', 'line\r\nbreak'],
    features: {
      durable: false,
      redelivery: 'none',
      backpressure: false,
      groups: true,
      lag: true,
      inspect: setting.name !== 'twin',
      emptyIsNotNull: true,
      dedupes: false,
      request: true,
      tooLargeBytes: 2 * MB,
      twin: setting.name === 'twin',
    },
  };
}

export function streamTarget(
  definition: Nats,
  setting: Setting,
  options: Partial<StreamOptions> = {},
): ConformanceTarget {
  return {
    ...setting,
    name: `JetStream (${setting.name})`,
    makePlace: () => streamPlace(definition, options),
    needs: (use) => definition.needs?.(use) ?? [],
    makeMissingPlace: () => streamPlace(definition, options),
    replyDestination: (replyTo) => definition.destination(replyTo),
    invalidAddresses: [
      () => definition.destination(toStream('a..b')),
      () => definition.destination(toStream('a.*')),
      () => definition.destination(toStream('a', { stream: 'b.c' })),
      () => definition.source(stream('a.b', { durable: 'd' })),
      () => definition.source(stream('a', { durable: 'd.e' })),
      () => definition.source(stream('a', { durable: 'd', filter: 'x..y' })),
    ],
    invalidHeader: ['x-header', 'line\r\nbreak'],
    makeUnknownDestination: () => definition.destination(toStream(unique('nobody.keeps'))),
    makeUnreadableSource: () => definition.source(stream(unique('MISSING'), { durable: 'd' })),
    features: {
      durable: true,
      kept: true,
      redelivery: 'server',
      backpressure: true,
      demand: true,
      groups: true,
      lag: true,
      inspect: setting.name !== 'twin',
      emptyIsNotNull: true,
      dedupes: true,
      request: false,
      tooLargeBytes: 2 * MB,
      twin: setting.name === 'twin',
    },
  };
}
