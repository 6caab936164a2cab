import { existsSync } from 'node:fs';
import path from 'node:path';
import { platformaticLacks } from '../support/kafka-library.js';
import type { Place } from '../support/task.js';

/** One kind of process that a row compares. */
export interface Entrant {
  /** Within its row. */
  readonly id: string;
  readonly name: string;
  /** Of `bench/`, without its extension; one that ends in `.py` runs in Python. */
  readonly script: string;
  readonly env?: Readonly<Record<string, string>>;
  /** No more messages than these: the slow ones would take minutes. */
  readonly most?: number;
  /** It cannot be run, for this reason. */
  readonly lacks?: string | undefined;
  /** Its target stream has fast ingest (`allow_batched`, nats-server 2.14). */
  readonly batched?: true;
}

/** One route, and what runs on it; the library is the first one. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly from: Place;
  readonly to: Place;
  readonly entrants: readonly Entrant[];
}

const library: Entrant = { id: 'library', name: 'library', script: 'routes/library' };
const loop = (id: string, name: string, style: string): Entrant => {
  return { id, name, script: 'routes/loop', env: { STYLE: style } };
};
const plain = loop('loop', 'best loop, no headers', 'plain');
const headers = loop('headers', 'loop, same headers and ids', 'headers');
const ingest: Entrant = { ...library, id: 'ingest', name: 'library, stream with allow_batched', batched: true };
const wire = loop('wire', 'the same, one Buffer a chunk', 'wire');
/** Bodies are passed on as they are. */
const ofBytes = (of: Entrant): Entrant => ({ ...of, env: { ...of.env, BODY: 'bytes' } });
const mirrors = [library, headers, wire].map(ofBytes);
const receive = (style: string, name: string): Entrant => {
  return { id: style, name, script: 'routes/receive', env: { STYLE: style } };
};
const nest = (most: number): Entrant => ({ id: 'nest', name: 'Nest 12 hybrid app', script: 'routes/nest', most });

/** Of the repository: a virtual environment, if one is there. */
export const PYTHON = process.env['PYTHON'] ?? path.resolve('.tmp/faststream/bin/python');
const pythonLacks = existsSync(PYTHON)
  ? undefined
  : 'needs python3 -m venv .tmp/faststream && .tmp/faststream/bin/pip install "faststream[kafka,nats]==0.7.8"';
const faststream = (id: string, name: string, env: Record<string, string>): Entrant => {
  return { id, name, script: 'routes/on_faststream.py', env, most: 4_000, lacks: pythonLacks };
};

type Clients = readonly [kafka: string, nats: string];

/** The library on one pair of clients. */
function onClients([kafka, nats]: Clients): Entrant {
  const env = { KAFKA_LIBRARY: kafka, NATS_LIBRARY: nats };
  const lacks = kafka === 'kafkajs' ? undefined : platformaticLacks;
  return { id: `${kafka}+${nats}`, name: `library on ${kafka} and ${nats}`, script: 'routes/library', env, lacks };
}

/** The first pair is what the others are compared with. */
const pairs: readonly Entrant[] = [
  { ...onClients(['kafkajs', 'nats']), id: 'library' },
  onClients(['kafkajs', '@nats-io']),
  onClients(['@platformatic/kafka', 'nats']),
  onClients(['@platformatic/kafka', '@nats-io']),
];

const binary = process.env['NATS_KAFKA'];
const natsKafka: Entrant = {
  id: 'nats-kafka',
  name: 'nats-kafka (Go)',
  script: 'routes/nats-kafka',
  lacks: binary === undefined ? 'NATS_KAFKA names no binary' : undefined,
};

export const rows: readonly Row[] = [
  {
    id: 'kafka-jetstream',
    title: 'Kafka → JetStream',
    from: 'kafka',
    to: 'jetstream',
    entrants: [library, plain, headers, wire, ingest, natsKafka],
  },
  {
    id: 'kafka-core',
    title: 'Kafka → core',
    from: 'kafka',
    to: 'core',
    entrants: [
      ...[library, plain, headers, wire, nest(12_000)],
      faststream('faststream', 'FastStream 0.7.8', {}),
      faststream('faststream-quiet', 'FastStream 0.7.8, logger=None', { QUIET: '1' }),
      natsKafka,
    ],
  },
  {
    id: 'bytes-jetstream',
    title: 'Kafka → JetStream, bytes',
    from: 'kafka',
    to: 'jetstream',
    entrants: [...mirrors, natsKafka],
  },
  {
    id: 'bytes-core',
    title: 'Kafka → core, bytes',
    from: 'kafka',
    to: 'core',
    entrants: [...mirrors, natsKafka],
  },
  {
    id: 'kafka-kafka',
    title: 'Kafka → Kafka',
    from: 'kafka',
    to: 'kafka',
    entrants: [library, plain, headers, nest(3_000)],
  },
  {
    id: 'jetstream-kafka',
    title: 'JetStream → Kafka',
    from: 'jetstream',
    to: 'kafka',
    entrants: [library, plain, headers],
  },
  {
    id: 'core-core',
    title: 'core → core',
    from: 'core',
    to: 'core',
    entrants: [library, plain, headers],
  },
  {
    id: 'jetstream-jetstream',
    title: 'JetStream → JetStream',
    from: 'jetstream',
    to: 'jetstream',
    entrants: [library, plain, headers],
  },
  {
    id: 'receive-kafka',
    title: 'receive Kafka',
    from: 'kafka',
    to: 'nothing',
    entrants: [library, receive('batch', 'eachBatch loop'), receive('each', 'eachMessage loop')],
  },
  {
    id: 'receive-core',
    title: 'receive core',
    from: 'core',
    to: 'nothing',
    entrants: [library, receive('callback', 'callback'), receive('each', 'iterator, one after another')],
  },
  {
    id: 'receive-jetstream',
    title: 'receive JetStream',
    from: 'jetstream',
    to: 'nothing',
    entrants: [library, receive('callback', 'callback, acks of a turn together')],
  },
  { id: 'clients-forth', title: 'clients: Kafka → JetStream', from: 'kafka', to: 'jetstream', entrants: pairs },
  {
    id: 'clients-back',
    title: 'clients: JetStream → Kafka',
    from: 'jetstream',
    to: 'kafka',
    entrants: pairs,
  },
  {
    id: 'produce-kafka',
    title: 'produce to Kafka',
    from: 'nothing',
    to: 'kafka',
    entrants: [
      { ...library, script: 'clients/produce-library' },
      { id: 'raw', name: 'kafkajs, same headers', script: 'clients/produce-raw' },
    ],
  },
  {
    id: 'batches-kafka',
    title: 'batches by key, 1 ms each',
    from: 'kafka',
    to: 'nothing',
    entrants: [
      { ...library, script: 'clients/batches-library' },
      { id: 'raw', name: 'eachBatch, 8 fixed queues', script: 'clients/batches-raw' },
    ],
  },
];
