import { parseArgs } from 'node:util';
import type { Admin } from 'kafkajs';
import { type GrowthReport, type GrowthTask, type Shape, topicOf } from './growth/job.js';
import { runEntrant } from './routes/child.js';
import { faultOf, type Run } from './routes/run.js';
import { markdown } from './routes/table.js';
import { countSubject } from './support/arrival-counter.js';
import { machine } from './support/machine.js';
import { order } from './support/messages.js';
import { kafkaClient, natsClient } from './support/servers.js';
import { median } from './support/stats.js';

// How the library's cost of a message, and its start, grow with an application: from Kafka to a core subject, in a process of its
// own for each run; the ratio is to the first row of its kind in the same round.
interface Row {
  readonly kind: string;
  readonly name: string;
  readonly count: number;
  readonly shape: Shape;
}

const small: Shape = { handlers: 1, partitions: 8, bytes: 200, subjects: 0, brokers: 1, groups: 1 };
const shaped = (kind: string, name: string, count: number, shape: Partial<Shape>): Row => {
  return { kind, name, count, shape: { ...small, ...shape } };
};

const all: readonly Row[] = [
  ...[1, 10, 100, 1_000].map((handlers) =>
    shaped('handlers', `${String(handlers)} handlers, a topic each`, 20_000, { handlers, partitions: 1 }),
  ),
  ...[1, 8, 64].map((partitions) => shaped('partitions', `${String(partitions)} partitions`, 20_000, { partitions })),
  shaped('bytes', '0.2 kB', 20_000, {}),
  shaped('bytes', '10 kB', 4_000, { bytes: 10_000 }),
  shaped('bytes', '100 kB', 500, { bytes: 100_000 }),
  ...[1, 10_000].map((subjects) =>
    shaped('subjects', `${String(subjects)} subjects, core → core`, 20_000, { subjects }),
  ),
  shaped('start', '50 topics, one group', 0, { handlers: 50, partitions: 1 }),
  shaped('start', '50 topics, 10 brokers', 0, { handlers: 50, partitions: 1, brokers: 10, groups: 10 }),
  shaped('start', '50 topics, 50 groups', 0, { handlers: 50, partitions: 1, groups: 50 }),
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const only = new RegExp(values.only);
const rows = all.filter(({ kind, name }) => only.test(kind) || only.test(name));
const pad = (bytes: number): string => 'x'.repeat(Math.max(0, bytes - 200));
const bodyOf = (id: number, bytes: number): string => JSON.stringify({ ...order(id), pad: pad(bytes) });

async function fillTopics(source: string, { count, shape }: Row): Promise<readonly string[]> {
  const { handlers, partitions, bytes } = shape;
  const kafka = kafkaClient();
  const admin = kafka.admin();
  await admin.connect();
  const topics = Array.from({ length: handlers }, (_, index) => topicOf(source, index));
  for (let from = 0; from < topics.length; from += 100) {
    const some = topics.slice(from, from + 100).map((topic) => ({ topic, numPartitions: partitions }));
    await admin.createTopics({ topics: some, waitForLeaders: false, timeout: 60_000 });
  }
  // `waitForLeaders` rejects where the server denies a topic for a moment that it has just made.
  for (const topic of topics) await until(async () => (await partitionsOf(admin, topic)) === partitions);
  if (count === 0) {
    await admin.disconnect();
    return topics;
  }
  // A new partition may be unknown for a moment, and kafkajs then repeats the whole request.
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const chunk = Math.max(1, Math.floor(400_000 / bytes));
  for (let from = 0; from < count; from += chunk) {
    const messages = new Map<string, { key: string; value: string; partition: number }[]>();
    for (let id = from; id < Math.min(count, from + chunk); id++) {
      const topic = topics[id % handlers]!;
      if (!messages.has(topic)) messages.set(topic, []);
      messages.get(topic)!.push({ key: String(id), value: bodyOf(id, bytes), partition: id % partitions });
    }
    await producer.sendBatch({ topicMessages: [...messages].map(([topic, some]) => ({ topic, messages: some })) });
  }
  await producer.disconnect();
  let written = 0;
  for (const topic of topics) {
    for (const { high } of await admin.fetchTopicOffsets(topic)) written += Number(high);
  }
  await admin.disconnect();
  if (written !== count) throw new Error(`${String(written)} messages were written for ${String(count)}`);
  return topics;
}

const partitionsOf = (admin: Admin, topic: string): Promise<number> =>
  admin.fetchTopicOffsets(topic).then(
    (offsets) => offsets.length,
    () => 0,
  );

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 200));
}

async function burst(source: string, { count, shape }: Row): Promise<void> {
  const connection = await natsClient();
  for (let id = 0; id < count; id++) {
    connection.publish(`${source}.${String(id % shape.subjects)}`, Buffer.from(bodyOf(id, shape.bytes)));
  }
  await connection.flush();
  await connection.close();
}

async function runOnce(row: Row, id: string): Promise<GrowthReport> {
  const [source, target] = [`${id}-in`, `${id}-out`];
  const topics = row.shape.subjects > 0 ? [] : await fillTopics(source, row);
  const counter = await countSubject(target, Math.max(1, row.count));
  const task: GrowthTask = { from: 'kafka', to: 'core', source, target, count: row.count, id, shape: row.shape };
  try {
    const entrant = { id: 'library', name: 'library', script: 'growth/app' };
    const report = (await runEntrant(entrant, task, () => burst(source, row))) as GrowthReport;
    const { arrived, distinct } = await counter.read();
    // Order is that of a topic and partition, not of the keys that are counted here.
    const fault = faultOf({ count: row.count, arrivals: { arrived, distinct, overtaken: 0 } } as Run);
    if (fault !== undefined) throw new Error(`${row.name}: ${fault}`);
    return report;
  } finally {
    await counter.end();
    await removeTopics(topics);
  }
}

async function removeTopics(topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return;
  const admin = kafkaClient().admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [...topics], timeout: 60_000 }).catch(() => undefined);
  await admin.disconnect();
}

const where = await machine();
const results = new Map(rows.map((row) => [row, [] as GrowthReport[]]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [index, row] of rows.entries()) {
    console.error(`${String(round)} ${row.kind}: ${row.name}`);
    results.get(row)!.push(await runOnce(row, `growth-${String(process.pid)}-${String(round)}-${String(index)}`));
  }
}

const microsOf = ({ cpuMs, handled, startCpuMs }: GrowthReport): number =>
  handled === 0 ? startCpuMs * 1_000 : (cpuMs / handled) * 1_000;
const firstOf = ({ kind }: Row): Row => rows.find((row) => row.kind === kind)!;

function line(row: Row): string[] {
  const [runs, first] = [results.get(row)!, results.get(firstOf(row))!];
  const of = (value: (run: GrowthReport) => number): number => median(runs.map(value));
  const ratio = median(runs.map((run, round) => microsOf(run) / microsOf(first[round]!)));
  const perMessage = row.count === 0 ? ['', ''] : [of(microsOf).toFixed(1), `${(of(rateOf) / 1_000).toFixed(1)}k`];
  const start = [of(({ startMs }) => startMs), of(({ startCpuMs }) => startCpuMs), of(({ rssMb }) => rssMb)];
  return [row.name, ...perMessage, ratio.toFixed(2), ...start.map((value) => value.toFixed(0))];
}

function rateOf({ handled, ms }: GrowthReport): number {
  return (handled / ms) * 1_000;
}

if (values.json) {
  console.log(JSON.stringify({ where, rows: rows.map((row) => ({ ...row, runs: results.get(row) })) }, null, 2));
} else {
  const head = ['what', 'CPU µs', 'messages/s', 'CPU × the first', 'start ms', 'start CPU ms', 'RSS MB'];
  console.log(`${where}\n\n${values.rounds} rounds\n\n${markdown([head, ...rows.map(line)])}`);
}
