import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Arrivals } from './soak/arrivals.js';
import { type Check, checksOf } from './soak/checks.js';
import { FAULTS } from './soak/faults.js';
import { flow, flowNames } from './soak/flows.js';
import { Heaps } from './soak/heaps.js';
import { Progress } from './soak/progress.js';
import { Replica } from './soak/replica.js';
import { scenesOf } from './soak/scenes.js';
import { seeded } from './soak/seeded.js';
import { Servers } from './soak/servers.js';
import type { Stage } from './soak/stage.js';
import { Watch } from './soak/watch.js';
import { Writers } from './soak/writers.js';

// Two replicas of an application with flows between Kafka, JetStream and back, under faults: first those that come in
// every run (soak/scenes.ts), then others at random (soak/faults.ts) until the time is up. What must hold stands in
// soak/checks.ts. A seed gives the same faults in the same order, of the same lengths.
const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' } },
});
const seconds = Number(options.seconds);
const seed = Number(options.seed ?? Date.now() % 100_000);
/** Nothing has moved for so long: it never will. */
const PATIENCE_MS = 60_000;
const WARM_UP_MS = 10_000;
const WARM_UP_BURST = 500;

const random = seeded(seed);
const servers = await Servers.start();
const replicas: Replica[] = [];
const guests: Replica[] = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void stopAll().then(() => process.exit(1)));

let failed = 1;
try {
  failed = report(await soak());
} catch (error) {
  console.error(error);
} finally {
  await stopAll();
}
process.exit(failed === 0 ? 0 : 1);

async function soak(): Promise<readonly Check[]> {
  console.log(`seed ${seed}, ${seconds} s`);
  replicas.push(newReplica('a'), newReplica('b'));
  const stage = stageOf();
  const { watch, writers } = stage;
  const end = Date.now() + seconds * 1_000;
  await Promise.all(replicas.map((replica) => replica.whenStarted()));
  watch.mayStand(flowNames);
  await warmUp(stage);
  await calm(stage);
  for (const scene of scenesOf(random)) {
    await act(stage, scene.name, () => scene.act(stage));
    await calm(stage);
  }
  for (; Date.now() < end; await pause(Math.round(random() * 1_500))) await faultAtRandom(stage);
  watch.during('the end');
  watch.mayStand(flowNames);
  writers.hold();
  const quiet = await watch.quiet(() => writers.idle, PATIENCE_MS);
  await stage.heaps.measure(replicas);
  await Promise.all([watch.end(), writers.end()]);
  const settled: Check = {
    name: 'all is settled in the end',
    broken: quiet ? [] : [...watch.left(), ...writers.unwritten()],
  };
  await Promise.all(replicas.map((replica) => replica.endForGood()));
  return [settled, ...(await checksOf(stage, new Arrivals(servers), [...replicas, ...guests]))];
}

async function warmUp({ writers }: Stage): Promise<void> {
  const written = flowNames.filter((name) => flow(name).fed !== true && !servers.lacks(name));
  for (const name of written) writers.burst(name, WARM_UP_BURST);
  await pause(WARM_UP_MS);
}

async function act({ watch }: Stage, name: string, work: () => Promise<void>): Promise<void> {
  console.log(`  ${name}`);
  watch.during(name);
  await work();
}

async function faultAtRandom(stage: Stage): Promise<void> {
  const fault = FAULTS[Math.floor(random() * FAULTS.length)]!;
  const ms = Math.round(random() * fault.longestMs);
  stage.watch.mayStand(flowNames, ms);
  await act(stage, `${fault.name}, ${ms} ms`, () => fault.act(stage, ms));
}

/** Nothing is left to do: then what the replicas hold can be compared. */
async function calm({ watch, writers, heaps }: Stage): Promise<void> {
  writers.hold();
  if (!(await watch.quiet(() => writers.idle, PATIENCE_MS / 4)))
    console.log(`    not done: ${[...watch.left(), ...writers.unwritten()].join(', ')}`);
  await heaps.measure(replicas);
  writers.go();
}

function stageOf(): Stage {
  return {
    servers,
    replicas,
    writers: new Writers(servers),
    watch: new Watch(new Progress(servers), () => [...replicas, ...guests]),
    heaps: new Heaps(),
    shares: [],
    passed: 0,
    random,
    join: () => {
      const guest = newReplica(`guest-${guests.length + 1}`);
      guests.push(guest);
      return guest;
    },
    length: (ms, least) => Math.round(Math.max(least, ms * Math.min(1, seconds / 600)) * (0.95 + 0.1 * random())),
  };
}

function newReplica(replica: string): Replica {
  return new Replica({ replica, kafka: servers.kafka.brokers, nats: servers.nats.url, failing: 2 });
}

async function stopAll(): Promise<void> {
  await Promise.all([...replicas, ...guests].map((replica) => replica.endForGood('SIGKILL')));
  await servers.remove();
}

/** How many checks failed. */
function report(checks: readonly Check[]): number {
  for (const { name, broken, note } of checks) {
    console.log(`${broken.length === 0 ? 'ok    ' : 'FAILED'} ${name}${note ? `: ${note}` : ''}`);
    for (const line of broken) console.log(`         ${line}`);
  }
  const failures = checks.filter(({ broken }) => broken.length > 0).length;
  const folder = process.env['TEST_COUNTS_DIR'];
  const sum = { passed: checks.length - failures, failed: failures, skipped: 0 };
  if (folder !== undefined) writeFileSync(path.join(folder, 'soak.json'), JSON.stringify(sum));
  console.log(`seed ${seed}: ${sum.passed} passed, ${failures} failed`);
  return failures;
}
