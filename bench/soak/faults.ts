import { setTimeout as pause } from 'node:timers/promises';
import type { KafkaUnderTest } from '../support/kafka-under-test.js';
import type { NatsUnderTest } from '../support/nats-under-test.js';
import type { Replica } from './replica.js';

/** What faults hit. */
export interface Scene {
  readonly kafka: KafkaUnderTest;
  readonly nats: NatsUnderTest;
  readonly replicas: readonly Replica[];
  /** One replica more. */
  join(): Replica;
  /** From 0 to below 1. */
  random(): number;
}

/** Each leaves the scene as it found it. `ms` is drawn up to `longestMs`. */
export interface Fault {
  readonly name: string;
  readonly longestMs: number;
  act(scene: Scene, ms: number): Promise<void>;
}

export const FAULTS: readonly Fault[] = [
  { name: 'calm', longestMs: 2_000, act: (_scene, ms) => pause(ms) },
  { name: 'replica killed', longestMs: 3_000, act: (scene, ms) => ended(scene, 'SIGKILL', ms) },
  { name: 'replica stopped', longestMs: 3_000, act: (scene, ms) => ended(scene, 'SIGTERM', ms) },
  {
    name: 'all replicas killed',
    longestMs: 3_000,
    async act({ replicas }, ms) {
      await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
      await pause(ms);
    },
  },
  // Longer than its session: the group goes on without it, and then it wakes.
  { name: 'replica frozen', longestMs: 12_000, act: (scene, ms) => frozen(oneOf(scene), ms) },
  {
    name: 'one replica more, for a while',
    longestMs: 6_000,
    async act({ join }, ms) {
      const guest = join();
      await pause(ms);
      await guest.endForGood();
    },
  },
  { name: 'NATS killed', longestMs: 3_000, act: ({ nats }, ms) => killed(nats, ms) },
  { name: 'NATS frozen', longestMs: 6_000, act: ({ nats }, ms) => frozen(nats.process, ms) },
  { name: 'Kafka killed', longestMs: 2_000, act: ({ kafka }, ms) => killed(kafka, ms) },
  { name: 'Kafka frozen', longestMs: 12_000, act: ({ kafka }, ms) => frozen(kafka.process, ms) },
  {
    name: 'both servers killed',
    longestMs: 2_000,
    async act({ kafka, nats }, ms) {
      await Promise.all([killed(kafka, ms), killed(nats, ms)]);
    },
  },
];

async function ended(scene: Scene, signal: 'SIGTERM' | 'SIGKILL', ms: number): Promise<void> {
  await oneOf(scene).end(signal);
  await pause(ms);
}

async function killed(server: KafkaUnderTest | NatsUnderTest, ms: number): Promise<void> {
  await server.kill();
  await pause(ms);
  await server.start();
}

async function frozen(one: { freeze(): void; thaw(): void }, ms: number): Promise<void> {
  one.freeze();
  await pause(ms);
  one.thaw();
}

function oneOf({ replicas, random }: Scene): Replica {
  return replicas[Math.floor(random() * replicas.length)]!;
}
