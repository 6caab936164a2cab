import type { Io } from '../driver/index.js';

const KEY = 'twin:seed';

/** What twins choose where the real system chooses at will comes from this number, so that a run can be repeated. */
export function seedOf(io: Pick<Io, 'shared'>): number {
  return io.shared(KEY, () => 1);
}

/** The same module with this seed. */
export function withSeed(io: Io, seed: number): Io {
  io.shared(KEY, () => seed);
  return io;
}
