/** How the bridge of a soak is set up. */
export interface Setting {
  readonly kafka: readonly string[];
  readonly nats: string;
  /** Of every 1,000 calls of a handler so many throw. */
  readonly failing: number;
}

export const IN = 'soak-in';
export const OUT = 'soak-out';
export const STREAM = 'SOAK';
export const SUBJECT = 'soak.orders';
export const GROUP = 'soak-bridge';
export const DURABLE = 'soak-back';

/** What travels: `id` is unique, and of one key they ascend. */
export interface Travelling {
  readonly id: number;
  readonly key: string;
}
