import { setTimeout as pause } from 'node:timers/promises';
import type { OwnKafka, OwnNats } from '../support/tools.js';
import type { Replica } from './replica.js';
import { oneOf, type Stage } from './stage.js';

/** What comes at random; each leaves the stage as it found it. `ms` is drawn up to `longestMs`. */
export interface Fault {
  readonly name: string;
  readonly longestMs: number;
  act(stage: Stage, ms: number): Promise<void>;
}

/** A member that died in silence is missed after its session of 6 s; then the group is balanced anew. */
const MISSED_MS = 12_000;

export const FAULTS: readonly Fault[] = [
  { name: 'calm', longestMs: 2_000, act: (_stage, ms) => pause(ms) },
  { name: 'replica killed', longestMs: 3_000, act: (stage, ms) => killedReplica(stage, ms) },
  {
    name: 'replica stopped',
    longestMs: 3_000,
    async act(stage, ms) {
      await oneOf(stage).end('SIGTERM');
      await pause(ms);
    },
  },
  {
    name: 'all replicas killed',
    longestMs: 3_000,
    async act({ replicas, watch }, ms) {
      watch.excuse(ms + MISSED_MS);
      await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
      await pause(ms);
    },
  },
  // Longer than its session: the group goes on without it, and then it wakes.
  {
    name: 'replica frozen',
    longestMs: 12_000,
    async act(stage, ms) {
      stage.watch.excuse(ms + MISSED_MS);
      await frozen(oneOf(stage), ms);
    },
  },
  {
    name: 'one replica more, for a while',
    longestMs: 6_000,
    async act({ join }, ms) {
      const guest = join();
      await pause(ms);
      await guest.endForGood();
    },
  },
  { name: 'NATS killed', longestMs: 3_000, act: ({ servers }, ms) => killed(servers.nats, ms) },
  { name: 'NATS frozen', longestMs: 6_000, act: ({ servers }, ms) => frozen(servers.nats, ms) },
  { name: 'Kafka killed', longestMs: 2_000, act: ({ servers }, ms) => killed(servers.kafka, ms) },
  { name: 'Kafka frozen', longestMs: 12_000, act: ({ servers }, ms) => frozen(servers.kafka, ms) },
  {
    name: 'both servers killed',
    longestMs: 2_000,
    async act({ servers: { kafka, nats } }, ms) {
      await Promise.all([killed(kafka, ms), killed(nats, ms)]);
    },
  },
];

async function killedReplica(stage: Stage, ms: number): Promise<void> {
  stage.watch.excuse(ms + MISSED_MS);
  await oneOf(stage).end('SIGKILL');
  await pause(ms);
}

export async function killed(server: OwnKafka | OwnNats, ms: number): Promise<void> {
  await server.kill();
  await pause(ms);
  await server.start();
}

async function frozen(one: Pick<Replica, 'pause' | 'resume'>, ms: number): Promise<void> {
  one.pause();
  await pause(ms);
  one.resume();
}
