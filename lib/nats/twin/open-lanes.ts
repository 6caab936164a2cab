import type { Io, Sink } from '../../driver/index.js';
import { MultiBrokerError } from '../../errors/index.js';
import type { CoreSourceSpec, NatsSourceSpec, StreamSourceSpec } from '../source-spec.js';
import { CoreLane } from './core-lane.js';
import { StreamLane } from './stream-lane.js';
import type { ConsumerConfig, TwinConsumer } from './twin-consumer.js';
import type { TwinServer } from './twin-server.js';
import type { TwinStream } from './twin-stream.js';

/** As nats-server has it where the options say nothing. */
const SERVER = { duplicateWindowMs: 120_000, ackWaitMs: 30_000, maxAckPending: 1_000 } as const;

/** A lane that reads, and how it stops. */
export interface OpenLane {
  quiet(): void;
  close(): void;
}

/** Opens a lane for a source. Throws MULTI_BROKER_SUBSCRIBE_FAILED or MULTI_BROKER_STREAM_MISMATCH, having opened nothing. */
export function openLane(source: NatsSourceSpec, sink: Sink, server: TwinServer, io: Io): OpenLane {
  return source.via === 'core' ? openCore(source, sink, server, io) : openStream(source, sink, server, io);
}

function openCore(source: CoreSourceSpec, sink: Sink, server: TwinServer, io: Io): OpenLane {
  const lane = new CoreLane(source, sink, io);
  sink.opened(lane);
  const unsubscribe = server.interest.add(lane);
  const quiet = (): void => {
    unsubscribe();
    lane.quiet();
  };
  return { quiet, close: () => lane.close() };
}

function openStream(source: StreamSourceSpec, sink: Sink, server: TwinServer, io: Io): OpenLane {
  const lane = new StreamLane(source, consumerOf(source, streamOf(source, server, io), io), sink, io);
  sink.opened(lane);
  lane.open();
  return lane;
}

function streamOf(source: StreamSourceSpec, server: TwinServer, io: Io): TwinStream {
  const stream = server.stream(source.stream);
  if (stream === undefined) return newStream(source, server, io);
  const missing = source.subjects?.find((subject) => !stream.config.subjects.includes(subject));
  if (missing === undefined) return stream;
  throw mismatch(`Stream '${source.stream}' has the subjects ${stream.config.subjects.join(', ')}, not '${missing}'`, io);
}

function newStream(source: StreamSourceSpec, server: TwinServer, io: Io): TwinStream {
  const { stream: name, subjects } = source;
  if (subjects === undefined) {
    const what = `Stream '${name}' does not exist, and stream('${name}') gives no subjects to create it on`;
    throw new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', what, { broker: io.broker });
  }
  const taken = server.overlapping(subjects);
  if (taken !== undefined) {
    const what = `Stream '${name}' cannot be created: stream '${taken.config.name}' has some of its subjects already`;
    throw new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', what, { broker: io.broker });
  }
  const duplicateWindowMs = source.options.duplicateWindowMs ?? SERVER.duplicateWindowMs;
  return server.addStream({ name, subjects, duplicateWindowMs }, io.clock);
}

function consumerOf(source: StreamSourceSpec, stream: TwinStream, io: Io): TwinConsumer {
  const { options } = source;
  const wanted: ConsumerConfig = {
    durable: source.consumer,
    filter: source.filter,
    deliver: options.deliver ?? 'all',
    ackWaitMs: options.ackWaitMs ?? SERVER.ackWaitMs,
    maxAckPending: options.maxAckPending ?? SERVER.maxAckPending,
  };
  const known = stream.consumer(io.broker, source.consumer);
  if (known === undefined) return stream.addConsumer(io.broker, wanted);
  const given = { ...known.config, filter: source.filter, ...pick(options) };
  const other = (Object.keys(given) as (keyof ConsumerConfig)[]).find((name) => given[name] !== known.config[name]);
  if (other === undefined) return known;
  const has = `${other} ${JSON.stringify(known.config[other])}`;
  throw mismatch(`The consumer '${source.consumer}' of stream '${source.stream}' has ${has}, not ${JSON.stringify(given[other])}`, io);
}

/** Only what was written is compared. */
function pick(options: StreamSourceSpec['options']): Partial<ConsumerConfig> {
  const { deliver, ackWaitMs, maxAckPending } = options;
  return {
    ...(deliver !== undefined && { deliver }),
    ...(ackWaitMs !== undefined && { ackWaitMs }),
    ...(maxAckPending !== undefined && { maxAckPending }),
  };
}

function mismatch(what: string, io: Io): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_STREAM_MISMATCH', what, { broker: io.broker });
}
