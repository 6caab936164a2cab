import { setTimeout as pause } from 'node:timers/promises';
import { flow, flowNames } from './flows.js';
import { killed } from './faults.js';
import { oneOf, type Stage } from './stage.js';
import { fullStream } from './full-stream.js';

/** A fault that comes in every run. */
export interface Scene {
  readonly name: string;
  act(stage: Stage): Promise<void>;
}

const lateFlows = flowNames.filter((name) => flow(name).late === true);

/** What leaves the replicas alone: at once, and sources of optional brokers are missing all the while. */
const atOnce: Scene = {
  name: 'hung handler, then paused subscription; full stream; target cut off; sources missing',
  async act(stage) {
    await Promise.all([hungAndPaused(stage), fullStream(stage), cutOff(stage)]);
    for (const name of lateFlows) await stage.servers.make(name);
    stage.watch.mayStand(lateFlows);
  },
};

async function hungAndPaused(stage: Stage): Promise<void> {
  const { writers } = stage;
  for (const [begin, end] of [
    ['hang', 'release'],
    ['pause', 'resume'],
  ] as const) {
    const replica = oneOf(stage);
    replica.tell(begin);
    writers.burst('steady', 1_500);
    await pause(stage.length(60_000, 20_000));
    replica.tell(end);
  }
}

async function cutOff(stage: Stage): Promise<void> {
  const ms = stage.length(60_000, 40_000);
  stage.watch.mayStand(['far'], ms);
  for (const replica of stage.replicas) replica.tell('cut');
  stage.writers.burst('far', 480);
  await pause(ms);
  for (const replica of stage.replicas) replica.tell('mend');
}

const withoutKafka: Scene = {
  name: 'Kafka is away',
  async act({ servers, watch, length }) {
    const ms = length(60_000, 15_000);
    watch.mayStand(flowNames, ms);
    await killed(servers.kafka, ms);
    watch.mayStand(flowNames);
  },
};

const gracefulRestarts: Scene = {
  name: 'graceful restarts under maxDeliver',
  async act({ replicas, writers, watch, length }) {
    const restarts = Math.round(length(10_000, 4_000) / 1_000);
    writers.burst('limited', restarts * 100);
    for (let at = 0; at < restarts; at++) {
      watch.mayStand(flowNames);
      const replica = replicas[at % replicas.length]!;
      await replica.end('SIGTERM');
      await replica.whenStarted();
    }
  },
};

const sharing: Scene = {
  name: 'a replica comes to the backlog of another one',
  async act(stage) {
    const { writers, watch, shares } = stage;
    const latecomer = oneOf(stage);
    watch.mayStand(flowNames);
    // Which replica has more of the other flows to do would count as well.
    writers.hold();
    await latecomer.end('SIGTERM');
    // The other one has some time with a backlog below max_ack_pending, as large as ever until both are there.
    const filling = setInterval(() => writers.burst('shared', Math.max(0, BACKLOG - watch.backlogOf('shared'))), 1_500);
    writers.burst('shared', BACKLOG);
    await latecomer.whenStarted();
    clearInterval(filling);
    await pause(2_000);
    const from = Date.now();
    const patience = from + SHARED_WITHIN_MS;
    while (watch.backlogOf('shared') > BACKLOG / 4 && Date.now() < patience) await pause(200);
    shares.push({ from, to: Date.now() });
    writers.go();
    watch.mayStand(flowNames);
  },
};

const BACKLOG = 900;
const SHARED_WITHIN_MS = 60_000;

/** In the order that the seed gives; what is measured after the warm-up lives until restarts come. */
export function scenesOf(random: () => number): readonly Scene[] {
  const rest = [withoutKafka, gracefulRestarts, sharing];
  for (let at = rest.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [rest[at], rest[other]] = [rest[other]!, rest[at]!];
  }
  return [atOnce, ...rest];
}
