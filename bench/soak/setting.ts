import type { MultiBrokerHealth } from 'nestjs-multi-broker';

/** How a replica is set up. */
export interface Setting {
  readonly replica: string;
  readonly kafka: readonly string[];
  readonly nats: string;
  /** Of every 1,000 calls of a handler so many throw. */
  readonly failing: number;
}

/** What a replica is told to do. */
export type Command = 'hang' | 'release' | 'pause' | 'resume' | 'cut' | 'mend' | 'heap';

/** What a replica tells. */
export interface Told {
  readonly started?: true;
  readonly health?: MultiBrokerHealth;
  /** Bytes that are left after forced collections. */
  readonly heap?: number;
}
