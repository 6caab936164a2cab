import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './paths.mjs';
import { stopProcess } from './process.mjs';

/**
 * What `up` started: one file a server, written as soon as there is something to stop, so that
 * `down` ends a half-started one too.
 * { name, how: 'native' | 'docker', address: string[], ready, pid?, folder?, service? }
 */
const file = (name) => join(run, `${name}.json`);

export function writeRecord(record) {
  mkdirSync(run, { recursive: true });
  writeFileSync(file(record.name), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

export function readRecord(name) {
  try {
    return JSON.parse(readFileSync(file(name), 'utf8'));
  } catch {
    return undefined;
  }
}

export function allRecords() {
  try {
    return readdirSync(run)
      .filter((name) => name.endsWith('.json'))
      .map((name) => readRecord(name.slice(0, -'.json'.length)))
      .filter(Boolean);
  } catch {
    return [];
  }
}

/** Ends what a record names, with its data, and forgets it. */
export async function stopRecord(record, stopService) {
  if (record.how === 'docker') await stopService(record.service);
  if (record.pid !== undefined) await stopProcess(record.pid, record.folder);
  if (record.folder !== undefined) rmSync(record.folder, { recursive: true, force: true });
  rmSync(file(record.name), { force: true });
}
