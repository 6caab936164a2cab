import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { kafkaBrokers, kafkaClient, natsClient, natsUrl } from '../support/servers.js';
import { task, tell } from '../support/task.js';

// The official bridge in Go, which NATS_KAFKA names: its process is measured, from its first output to its last. It passes bytes
// on and writes no headers.
const PARTITIONS = 8;
const { to, source, target, count, id } = task();
const folder = mkdtempSync(path.join(tmpdir(), 'nats-kafka-'));
const config = path.join(folder, 'bridge.conf');
writeFileSync(
  config,
  `connecttimeout: 5000
nats: { Servers: [${JSON.stringify(natsUrl)}], ConnectTimeout: 5000, MaxReconnects: 5, ReconnectWait: 1000 }
jetstream: { maxwait: 5000 }
connect: [{
  type: ${to === 'jetstream' ? 'KafkaToJetStream' : 'KafkaToNATS'}
  id: ${JSON.stringify(id)}
  brokers: [${kafkaBrokers.map((broker) => JSON.stringify(broker)).join(', ')}]
  topic: ${JSON.stringify(source)}
  subject: ${JSON.stringify(target)}
  groupid: ${JSON.stringify(id)}
}]
`,
);

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
// A new group of it begins with what comes after it has joined: this one has been at the beginning.
const admin = kafkaClient().admin();
await admin.connect();
const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, offset: '0' }));
await admin.setOffsets({ groupId: id, topic: source, partitions });
await admin.disconnect();
const connection = await natsClient();
let arrived = 0;
let began: { at: number; cpuMs: number } | undefined;

connection.subscribe(target, {
  callback: () => {
    began ??= { at: performance.now(), cpuMs: cpuMs() };
    if (++arrived === count) end();
  },
});
await connection.flush();
const bridge = spawn(process.env['NATS_KAFKA']!, ['-c', config], { stdio: 'ignore' });
bridge.once('exit', (code) => {
  if (arrived < count) throw new Error(`nats-kafka ended with ${String(code)}`);
});

/** utime and stime, the 14th and 15th field of /proc/<pid>/stat, behind the name in parentheses. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${String(bridge.pid)}/stat`, 'utf8')
    .split(') ')[1]!
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000;
}

function rssMb(): number {
  const status = readFileSync(`/proc/${String(bridge.pid)}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024;
}

function end(): void {
  const ms = performance.now() - began!.at;
  const report = { handled: count, ms, cpuMs: cpuMs() - began!.cpuMs, gcMs: undefined, rssMb: rssMb() };
  bridge.kill();
  rmSync(folder, { recursive: true });
  tell(report);
}
