import { CONSUMER_NOT_FOUND, STREAM_NOT_FOUND } from '../driver/jetstream/jetstream-api.js';
import { subjectsOverlap } from '../subject.js';
import type { TwinConsumer } from './twin-consumer.js';
import type { TwinServer } from './twin-server.js';
import type { TwinStream } from './twin-stream.js';
import type {
  ConsumerConfig,
  ConsumerInfo,
  JetStreamManager,
  StreamConfig,
  StreamInfo,
} from '../driver/connection/jetstream-port.js';

/** The part of JetStream's API that finds or creates a stream and its consumer. */
interface Manager {
  readonly streams: {
    info(name: string): Promise<StreamInfo>;
    add(config: Partial<StreamConfig>): Promise<StreamInfo>;
  };
  readonly consumers: {
    info(stream: string, durable: string): Promise<ConsumerInfo>;
    add(stream: string, config: Partial<ConsumerConfig>): Promise<ConsumerInfo>;
  };
}

/**
 * The twin server's API with the client's interface: the real driver's own code looks up, compares and creates through
 * it, so that both refuse a source for the same reasons.
 */
export function twinManager(server: TwinServer, broker: string): JetStreamManager {
  const manager: Manager = {
    streams: {
      info: async (name) => streamInfo(streamOf(server, name)),
      add: async (config) => streamInfo(addStream(server, config)),
    },
    consumers: {
      info: async (stream, durable) => {
        const consumer = streamOf(server, stream).consumer(broker, durable);
        if (consumer === undefined) throw apiError(404, CONSUMER_NOT_FOUND, 'consumer not found');
        return consumerInfo(consumer);
      },
      add: async (stream, config) => consumerInfo(addConsumer(streamOf(server, stream), broker, config)),
    },
  };
  return manager as unknown as JetStreamManager;
}

function streamOf(server: TwinServer, name: string): TwinStream {
  const stream = server.stream(name);
  if (stream === undefined) throw apiError(404, STREAM_NOT_FOUND, 'stream not found');
  return stream;
}

function addStream(server: TwinServer, config: Partial<StreamConfig>): TwinStream {
  const known = server.stream(config.name ?? '');
  if (known !== undefined) return sameStream(known, config);
  if (server.overlapping(config.subjects ?? []) !== undefined) {
    throw apiError(400, 10_065, 'subjects overlap with an existing stream');
  }
  return server.addStream(config);
}

/** Creating a stream that exists with the same configuration succeeds. */
function sameStream(known: TwinStream, config: Partial<StreamConfig>): TwinStream {
  const same = Object.entries(config).every(
    ([name, value]) => JSON.stringify(known.config[name as keyof StreamConfig]) === JSON.stringify(value),
  );
  if (!same) throw apiError(400, 10_058, 'stream name already in use with a different configuration');
  return known;
}

function addConsumer(stream: TwinStream, broker: string, config: Partial<ConsumerConfig>): TwinConsumer {
  if (stream.retention === 'workqueue') refuseSharing(stream, broker, config);
  return stream.addConsumer(broker, config);
}

/** A work queue delivers each message to one consumer: a second one on overlapping subjects is refused. */
function refuseSharing(stream: TwinStream, broker: string, config: Partial<ConsumerConfig>): void {
  if (config.deliver_policy !== 'all') {
    throw apiError(400, 10_101, 'consumer must be deliver all on workqueue stream');
  }
  const { filter_subject: filter = '>' } = config;
  for (const { config: other } of stream.consumersOf(broker)) {
    if (filter === '>') throw apiError(400, 10_099, 'multiple non-filtered consumers not allowed on workqueue stream');
    if (!subjectsOverlap(other.filter_subject ?? '>', filter)) continue;
    throw apiError(400, 10_100, 'filtered consumer not unique on workqueue stream');
  }
}

function streamInfo({ config, log }: TwinStream): StreamInfo {
  return { config, state: { last_seq: log.end - 1 } } as StreamInfo;
}

function consumerInfo(consumer: TwinConsumer): ConsumerInfo {
  const { delivered, ackFloor, ackPending, pending } = consumer.progress();
  const info = {
    config: consumer.config,
    created: '',
    delivered: { stream_seq: delivered },
    ack_floor: { stream_seq: ackFloor },
    num_ack_pending: ackPending,
    num_pending: pending,
  };
  return info as unknown as ConsumerInfo;
}

/** An error in the form in which nats.js throws error responses of the API. */
function apiError(code: number, number: number, description: string): Error {
  return Object.assign(new Error(description), { api_error: { code, err_code: number, description } });
}
