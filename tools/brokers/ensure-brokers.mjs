import { mkdirSync, writeFileSync } from 'node:fs';

import { stopService } from './docker.mjs';
import { locked } from './lock.mjs';
import { envFile, home } from './paths.mjs';
import { readRecord, stopRecord, writeRecord } from './records.mjs';
import { startSystem } from './start.mjs';
import { systems } from './systems.mjs';

/**
 * Brings up what is not up yet.
 * @param names of `systems`
 * @param say is told each step
 * @returns the environment by which tests find the servers: KAFKA_BROKERS, NATS_URL, KAFKA_BROKERS_2
 */
export async function ensureBrokers(names = ['kafka', 'nats'], say = () => undefined) {
  const env = {};
  await locked(async () => {
    // Both at once: the JVM's start is the longest part.
    const found = await Promise.allSettled(names.map((name) => ensureSystem(systems[name], say)));
    const failure = found.find(({ status }) => status === 'rejected');
    if (failure) throw failure.reason;
    found.forEach(({ value }, index) => (env[systems[names[index]].variable] = value.join(',')));
    mkdirSync(home, { recursive: true });
    writeFileSync(envFile, envLines({ ...recorded(), ...env }));
  });
  return env;
}

/** Another call may have added a server that this one did not ask for. */
function recorded() {
  const ready = Object.values(systems).filter(({ name }) => readRecord(name)?.ready);
  return Object.fromEntries(ready.map(({ name, variable }) => [variable, readRecord(name).address.join(',')]));
}

export const envLines = (env) =>
  Object.entries(env)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

async function ensureSystem(system, say) {
  const given = process.env[system.variable]?.split(',');
  if (given !== undefined) {
    if (await system.answers(given)) {
      say(`${system.name}: used as given by ${system.variable}`);
      return given;
    }
    say(`${system.name}: nothing answers at ${system.variable}=${given}`);
  }
  const record = readRecord(system.name);
  if (await system.answers(system.address)) {
    if (!record?.ready) await system.prove(system.address);
    // The call that started it was cut short.
    if (record?.ready === false) writeRecord({ ...record, ready: true });
    say(`${system.name}: already up${record ? '' : ', not by us'}`);
    return system.address;
  }
  if (record !== undefined) {
    say(`${system.name}: no longer answers, cleaning up`);
    await stopRecord(record, stopService);
  }
  say(`${system.name}: starting (downloaded on first use)`);
  const { how } = await startSystem(system);
  say(`${system.name}: up (${how})`);
  return system.address;
}
