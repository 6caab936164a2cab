import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { median, spread } from './support/stats.js';
import type { Taken } from './twin/chains.js';
import { brokersOnce, plainOnce } from './twin/modules.js';

// What the twins cost: chains of publish → handler → publish → handler beside a bare EventEmitter with JSON bytes on both
// hops, and a test module beside the same one without brokers. CHAINS and ROUNDS set the size.
const chains = Number(process.env['CHAINS'] ?? 50_000);
const rounds = Number(process.env['ROUNDS'] ?? 7);
const WINDOW = 500;
const MODULES = 50;

async function perSecond(count: number, run: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await run();
  return (count / (performance.now() - from)) * 1_000;
}

/** Interleaved, so that what the machine does beside them hits all alike; the first round only warms up. */
async function measure(count: number, variants: Record<string, () => Promise<void>>): Promise<Map<string, number[]>> {
  const rates = new Map(Object.keys(variants).map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(variants)) {
      const rate = await perSecond(count, run);
      if (round > 0) rates.get(name)!.push(rate);
    }
  }
  return rates;
}

function print(title: string, rates: Map<string, number[]>): void {
  console.log(`\n${title}, ${rounds} rounds, medians [min..max]`);
  const [[, base] = ['', []]] = rates;
  for (const [name, values] of rates) {
    const ratio = median(values.map((value, round) => value / base[round]!));
    console.log(`  ${name.padEnd(44)}${spread(values)}/s  ${ratio.toFixed(2)}`);
  }
}

async function times(count: number, act: () => Promise<void>): Promise<void> {
  for (let index = 0; index < count; index++) await act();
}

async function started(variant: string): Promise<ChildProcess> {
  const child = fork(new URL('./twin/chains.js', import.meta.url), [variant, String(WINDOW)]);
  await once(child, 'message');
  return child;
}

async function block(child: ChildProcess): Promise<Taken> {
  child.send(chains);
  const [taken] = (await once(child, 'message')) as [Taken];
  return taken;
}

/** Each in a process of its own, whose blocks take turns; the first one only warms up. */
async function printChains(variants: Record<string, string>): Promise<void> {
  const taken = new Map(Object.keys(variants).map((variant) => [variant, [] as Taken[]]));
  const children = new Map<string, ChildProcess>();
  for (const variant of taken.keys()) children.set(variant, await started(variant));
  for (let round = 0; round <= rounds; round++) {
    for (const [variant, child] of children) {
      const one = await block(child);
      if (round > 0) taken.get(variant)!.push(one);
    }
  }
  for (const child of children.values()) child.disconnect();
  console.log(
    `\n${chains} chains, two hops each, ${rounds} rounds, medians: µs of wall and processor time, rates beside the first`,
  );
  const [base = []] = taken.values();
  const beside = (all: readonly Taken[], of: keyof Taken): string =>
    `${median(all.map((one) => one[of])).toFixed(1)} (${median(all.map((one, round) => base[round]![of] / one[of])).toFixed(2)})`;
  for (const [variant, all] of taken)
    console.log(`  ${variants[variant]!.padEnd(44)}${beside(all, 'wall')}  ${beside(all, 'cpu')}`);
}

await printChains({
  emitter: 'EventEmitter, JSON bytes on both hops',
  inMemory: 'library, inMemory',
  recorded: 'library, in a test (everything recorded)',
});

// Warm, as the second module of a file and those after it. The first one of a process is dominated by loading: see below.
print(
  'Test modules, warm: compile, init, close',
  await measure(MODULES, {
    'without brokers': () => times(MODULES, plainOnce),
    'with two brokers and ten handlers': () => times(MODULES, brokersOnce),
  }),
);

/** Milliseconds of the first modules of a process of its own, as the tests of a file have them. */
async function cold(which: 'plain' | 'brokers', count: number): Promise<number> {
  const child = fork(new URL('./twin/first-module.js', import.meta.url), [which, String(count)]);
  const [ms] = (await once(child, 'message')) as [number];
  return ms;
}

async function beside(title: string, count: number): Promise<void> {
  const taken = { plain: [] as number[], brokers: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    taken.plain.push(await cold('plain', count));
    taken.brokers.push(await cold('brokers', count));
  }
  const ratio = median(taken.brokers.map((ms, round) => ms / taken.plain[round]!));
  const [plain, brokers] = [median(taken.plain).toFixed(0), median(taken.brokers).toFixed(0)];
  console.log(`\n${title}, ${rounds} rounds, medians`);
  console.log(`  without brokers ${plain} ms, with them ${brokers} ms: ${ratio.toFixed(2)} times as long`);
}

await beside('The first test module of a process', 1);
await beside('A file of 200 tests with a module each, in a process of its own', 200);
