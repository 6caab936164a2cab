import { emitterChains } from './emitter.js';
import { inMemory, recorded } from './library.js';

/** Runs that many chains, at most `window` at once. */
type Run = (count: number, window: number) => Promise<void>;

const variants: Record<string, () => Promise<Run>> = {
  emitter: () => Promise.resolve(emitterChains),
  inMemory: async () => (await inMemory()).run,
  recorded: async () => (await recorded()).run,
};

/** Taken by a block of chains, in microseconds for each. */
export interface Taken {
  readonly wall: number;
  readonly cpu: number;
}

// A process of its own for each: observers of a test, and what it follows of promises, are of the whole process.
const [, , variant = '', window] = process.argv;
const run = await variants[variant]!();
process.on('message', (count: number) => void block(count));
// An application with subscriptions keeps its process alive.
process.once('disconnect', () => process.exit());
process.send?.('ready');

async function block(count: number): Promise<void> {
  const [from, used] = [performance.now(), process.cpuUsage()];
  await run(count, Number(window));
  const { user, system } = process.cpuUsage(used);
  const taken: Taken = { wall: ((performance.now() - from) * 1_000) / count, cpu: (user + system) / count };
  process.send?.(taken);
}
