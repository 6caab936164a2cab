import type { Topology } from '../../driver/index.js';

/** What is made of a topology, once for each: it changes only when brokers are added, and anybody may ask for it. */
export class PerWiring<T> {
  private made: { readonly key: string; readonly value: T } | undefined;

  of(topology: Topology, make: () => T): T {
    const key = keyOf(topology);
    if (this.made?.key !== key) this.made = { key, value: make() };
    return this.made.value;
  }
}

const keyOf = ({ brokers, handlers }: Topology): string =>
  JSON.stringify([brokers.map(({ name }) => name), handlers.map(({ id }) => id)]);
