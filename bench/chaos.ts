import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FAULTS, type Scene } from './chaos/faults.js';
import { type Outcome, outcomeOf } from './chaos/outcome.js';
import { Replica } from './chaos/replica.js';
import { Servers } from './chaos/servers.js';
import {
  CONCURRENCY,
  LARGEST_BATCH,
  PARTITIONS,
  type Place,
  type Route,
  ROUTES,
  type Setting,
} from './chaos/setting.js';
import { CoreWitness } from './faults/core-witness.js';
import { until } from './support/tools.js';

// A bridge on each route, with dead letters and eight messages at a time in order by key, or batches, under faults: what was done, what was
// parked, and what was lost, done twice or overtaken on the way. `--short` has some of the faults, and fewer messages; with
// `--allow-batched` a stream that is the target has fast ingest, and gets results without a key, which go as batches.
const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    route: { type: 'string' },
    messages: { type: 'string' },
    'allow-batched': { type: 'boolean', default: false },
  },
});
const allowBatched = options['allow-batched'];
const faults = FAULTS.filter(({ short }) => !options.short || short === true);
const count = Number(options.messages ?? (options.short ? 3_000 : 20_000));
/** The work lasts so long if nothing disturbs it: each fault finds some of it left. */
const LASTS_MS = faults.length * 16_000;
const CALM_MS = 2_000;
const WITHIN_MS = 180_000;

const servers = await Servers.start();
const replicas: Replica[] = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void removeAll().then(() => process.exit(1)));

let failed = 1;
try {
  const routes = ROUTES.filter(({ name }) => options.route === undefined || name.includes(options.route));
  const rows: [Route, Outcome][] = [];
  for (const [index, route] of routes.entries()) rows.push([route, await run(route, index)]);
  failed = report(rows);
} catch (error) {
  console.error(error);
} finally {
  await removeAll();
}
process.exit(failed === 0 ? 0 : 1);

async function run(route: Route, index: number): Promise<Outcome> {
  console.log(`${route.name}, ${count} messages`);
  const place = {
    source: `chaos-${index}`,
    target: `chaos.${index}.done`,
    letters: `chaos.${index}.dead`,
    reader: `chaos-${index}`,
  };
  await servers.fill(route, place, count, allowBatched);
  const { nats } = servers;
  const witness = route.to === 'core' ? await CoreWitness.of(nats.url, place.target) : undefined;
  const setting: Setting = {
    route,
    kafka: servers.kafka.brokers,
    nats: servers.proxy.url,
    place,
    workMs: paceOf(route),
    allowBatched,
  };
  const replica = started(setting);
  await replica.whenStarted();
  await hit(replica, setting);
  await finish(route, place, replica);
  await replica.endForGood();
  return outcomeOf(servers, route, place, count, (await witness?.end()) ?? []);
}

async function hit(replica: Replica, setting: Setting): Promise<void> {
  const { kafka, nats, proxy } = servers;
  const scene: Scene = { replica, kafka, nats, proxy, join: () => started(setting) };
  for (const { name, act } of faults) {
    await pause(CALM_MS);
    console.log(`  ${name}, ${await servers.left(setting.route, setting.place)} left`);
    await act(scene);
    await replica.whenStarted();
  }
}

/** Without a fault, and as fast as it goes. */
async function finish(route: Route, place: Place, replica: Replica): Promise<void> {
  const done = async (): Promise<boolean> => {
    replica.tell('hurry');
    return (await servers.left(route, place)) === 0;
  };
  await until(done, { what: `${route.name} is done`, timeoutMs: WITHIN_MS, everyMs: 500 });
}

function paceOf({ from, batch }: Route): number {
  const atOnce = (batch === true ? LARGEST_BATCH : CONCURRENCY) * (from === 'kafka' ? PARTITIONS : 1);
  return Math.min(1_000, Math.round((LASTS_MS * atOnce) / count));
}

function started(setting: Setting): Replica {
  const replica = new Replica(setting);
  replicas.push(replica);
  return replica;
}

async function removeAll(): Promise<void> {
  await Promise.all(replicas.map((replica) => replica.endForGood('SIGKILL')));
  await servers.remove();
}

/** How many routes broke a promise. */
function report(rows: readonly (readonly [Route, Outcome])[]): number {
  console.log('| route | sent | done | parked | lost | done twice | overtaken | parked twice |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  const broken = rows.filter(([route, outcome]) => {
    const { sent, done, parked, lost, doneTwice, overtaken, parkedTwice } = outcome;
    console.log(`| ${[route.name, sent, done, parked, lost, doneTwice, overtaken, parkedTwice].join(' | ')} |`);
    // JetStream hands a message that was not settled out again after later ones of its key.
    const late = route.from === 'kafka' ? overtaken : 0;
    return lost + late + parkedTwice + (route.onceOnly === true ? doneTwice : 0) > 0;
  });
  const folder = process.env['TEST_COUNTS_DIR'];
  const sum = { passed: rows.length - broken.length, failed: broken.length, skipped: 0 };
  if (folder !== undefined) writeFileSync(path.join(folder, 'chaos.json'), JSON.stringify(sum));
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  return broken.length;
}
