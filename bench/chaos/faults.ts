import { setTimeout as pause } from 'node:timers/promises';
import type { OwnKafka, OwnNats } from '../support/tools.js';
import type { Proxy } from '../support/nats-proxy.js';
import type { Replica } from './replica.js';
import type { Point } from './setting.js';

/** What a fault may lay hands on. */
export interface Scene {
  readonly replica: Replica;
  readonly kafka: OwnKafka;
  readonly nats: OwnNats;
  readonly proxy: Proxy;
  /** A further replica of the same bridge. */
  join(): Replica;
}

export interface Fault {
  readonly name: string;
  /** Part of the short form, too. */
  readonly short?: boolean;
  act(scene: Scene): Promise<void>;
}

/** At most so long a process is waited for that kills itself at its next chance. */
const REACHES_MS = 20_000;

export const FAULTS: readonly Fault[] = [
  killed('handled', 'SIGKILL between handler and publish'),
  killed('published', 'SIGKILL between publish and ack'),
  killed('parked', 'SIGKILL between park and ack'),
  { name: 'NATS killed for 2 s', short: true, act: ({ nats }) => down(nats.kill, nats.start) },
  { name: 'Kafka killed for 2 s', act: ({ kafka }) => down(kafka.kill, () => kafka.start()) },
  {
    name: 'network cut for 5 s',
    async act({ replica, proxy }) {
      replica.tell('cut');
      proxy.cut();
      await pause(5_000);
      proxy.mend();
      replica.tell('mend');
    },
  },
  {
    name: 'a second replica joins and leaves',
    async act({ join }) {
      const guest = join();
      await guest.whenStarted();
      await pause(4_000);
      await guest.endForGood();
    },
  },
  {
    name: 'SIGTERM under load',
    short: true,
    async act({ replica }) {
      await replica.end('SIGTERM');
    },
  },
];

function killed(killAt: Point, name: string): Fault {
  return {
    name,
    short: true,
    async act({ replica }) {
      if (!(await replica.killedAt({ killAt }, REACHES_MS))) throw new Error(`${name}: it never got there`);
    },
  };
}

async function down(kill: () => Promise<void>, start: () => Promise<void>): Promise<void> {
  await kill();
  await pause(2_000);
  await start();
}
