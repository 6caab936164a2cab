import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { dockerLacks, startService, stopService } from './docker.mjs';
import { tail } from './process.mjs';
import { stopRecord, writeRecord } from './records.mjs';
import { BrokersUnavailableError } from './unavailable.mjs';

/** Starts one system the first way that works here and resolves once it is proved ready. */
export async function startSystem(system) {
  const reasons = [];
  for (const way of [inDocker, natively]) {
    const lack = way === inDocker ? dockerLacks() : system.lacks();
    if (lack !== undefined) {
      reasons.push(lack);
      continue;
    }
    try {
      return await way(system);
    } catch (error) {
      if (!(error instanceof BrokersUnavailableError)) throw error;
      reasons.push(error.message);
    }
  }
  throw new BrokersUnavailableError(`${system.name} cannot be had: ${reasons.join('; ')}`);
}

async function inDocker(system) {
  const record = { name: system.name, how: 'docker', address: system.address, service: system.name, ready: false };
  writeRecord(record);
  try {
    await startService(system.name);
  } catch (error) {
    await stopRecord(record, stopService).catch(() => undefined);
    throw new BrokersUnavailableError(error.message, { cause: error });
  }
  return proved(system, record, () => true, 90_000);
}

async function natively(system) {
  const folder = mkdtempSync(join(tmpdir(), `multi-broker-${system.name}-`));
  const record = { name: system.name, how: 'native', address: system.address, folder, ready: false };
  writeRecord(record);
  let child;
  try {
    child = await system.start(folder, (pid) => writeRecord(Object.assign(record, { pid })));
  } catch (error) {
    await stopRecord(record, stopService);
    throw new BrokersUnavailableError(error.message, { cause: error });
  }
  const lives = () => child.exitCode === null && child.signalCode === null;
  return proved(system, record, lives, 60_000);
}

async function proved(system, record, lives, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  while (!(await system.answers(system.address))) {
    const log = record.folder === undefined ? '' : tail(system.log(record.folder));
    if (!lives()) throw new Error(`${system.name} ended while starting${remedy(log)}:\n${log}`);
    if (Date.now() > deadline) throw new Error(`${system.name} does not answer at ${system.address}:\n${log}`);
    await sleep(100);
  }
  await system.prove(system.address);
  return writeRecord({ ...record, ready: true });
}

const remedy = (log) =>
  /address already in use/i.test(log) ? ', its port is taken (BROKERS_PORT_OFFSET=1000 moves all ports)' : '';
