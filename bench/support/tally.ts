import { KEYS } from './messages.js';
import type { Arrivals } from './task.js';

/**
 * Counts what arrives of messages 0 to `count` - 1: how many, which of them twice, and which were overtaken by a later one of
 * their key. Cheap enough for a handler that is measured.
 */
export class Tally {
  private readonly seenIds: Uint8Array;
  private readonly furthest = new Map<number, Int32Array>();
  private arrived = 0;
  private distinct = 0;
  private overtaken = 0;

  constructor(count: number) {
    this.seenIds = new Uint8Array(count);
  }

  /** `lane`: a partition of the target, where order is kept within each. */
  see(id: number, lane = 0): void {
    this.arrived++;
    // Of a topic with more messages than a run is about.
    if (this.seenIds[id] !== 0) return;
    this.seenIds[id] = 1;
    this.distinct++;
    const last = this.lane(lane);
    const key = id % KEYS;
    if (last[key]! > id) this.overtaken++;
    else last[key] = id;
  }

  read(): Arrivals {
    return { arrived: this.arrived, distinct: this.distinct, overtaken: this.overtaken };
  }

  private lane(lane: number): Int32Array {
    let last = this.furthest.get(lane);
    if (last === undefined) this.furthest.set(lane, (last = new Int32Array(KEYS).fill(-1)));
    return last;
  }
}

/** The id of an encoded order, wherever it stands: some bridges put it into an envelope. */
export function idOf(data: Uint8Array): number {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1', 0, 120);
  const from = text.indexOf('"id":') + 5;
  return Number.parseInt(text.slice(from, from + 10), 10);
}
