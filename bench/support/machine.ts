import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { natsClient } from './servers.js';

/** Machine and versions of a run, as a line. */
export async function machine(): Promise<string> {
  const [{ model } = { model: 'unknown' }] = cpus();
  const memory = `${String(Math.round(totalmem() / 2 ** 30))} GiB`;
  const connection = await natsClient();
  const server = connection.info?.version ?? 'unknown';
  await connection.close();
  const clients = ['kafkajs', 'nats', '@nestjs/core'].map((name) => `${name} ${versionOf(name)}`).join(', ');
  return `${String(cpus().length)} cores (${model.trim()}), ${memory}, Node ${process.versions.node}, nats-server ${server}, ${clients}`;
}

function versionOf(name: string): string {
  const file = path.resolve('node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
