import type { Heaps } from './heaps.js';
import type { Replica } from './replica.js';
import type { Servers } from './servers.js';
import type { Watch } from './watch.js';
import type { Writers } from './writers.js';

/** How the replicas shared a backlog, to be read from what is stored. */
export interface Share {
  readonly from: number;
  readonly to: number;
}

/** What faults hit, and what looks on. */
export interface Stage {
  readonly servers: Servers;
  readonly replicas: readonly Replica[];
  readonly writers: Writers;
  readonly watch: Watch;
  readonly heaps: Heaps;
  readonly shares: Share[];
  /** The most messages that were handled beyond one that was not settled. */
  passed: number;
  /** One replica more. */
  join(): Replica;
  /** From 0 to below 1. */
  random(): number;
  /** `ms` in a run of 10 minutes, less in a shorter one, but never below `least`; a tenth more or less at random. */
  length(ms: number, least: number): number;
}

export function oneOf({ replicas, random }: Stage): Replica {
  return replicas[Math.floor(random() * replicas.length)]!;
}
