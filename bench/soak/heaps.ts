import type { Replica } from './replica.js';

/** What a process may have more than after its warm-up. */
const MAY_GROW = 0.1;

interface Measure {
  readonly first: number;
  last: number;
}

/** What each replica's process holds while nothing is to be done, compared with the first time. */
export class Heaps {
  private readonly measures = new Map<string, Measure>();

  async measure(replicas: readonly Replica[]): Promise<void> {
    for (const replica of replicas) {
      const { pid } = replica;
      const bytes = await replica.heap();
      if (pid === undefined || bytes === undefined || replica.pid !== pid) continue;
      const process = `${replica.name}/${pid}`;
      const measure = this.measures.get(process);
      if (measure === undefined) this.measures.set(process, { first: bytes, last: bytes });
      else measure.last = bytes;
      console.log(`    ${process} holds ${inMegabytes(bytes)}`);
    }
  }

  grown(): readonly string[] {
    return [...this.measures]
      .filter(([, { first, last }]) => last > first * (1 + MAY_GROW))
      .map(([process, { first, last }]) => `${process}: ${inMegabytes(first)}, then ${inMegabytes(last)}`);
  }

  /** How many processes were measured twice. */
  compared(): number {
    return [...this.measures.values()].filter(({ first, last }) => first !== last).length;
  }
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
