import assert from 'node:assert/strict';
import { Bench } from './bench.js';
import { connecting } from './connecting.js';
import { inspecting } from './inspecting.js';
import { keeping } from './keeping.js';
import { lagging } from './lagging.js';
import type { DriverPromise } from './promise.js';
import { publishing } from './publishing.js';
import { reading } from './reading.js';
import { requesting } from './requesting.js';
import { settling } from './settling.js';
import { sharing } from './sharing.js';
import { stopping } from './stopping.js';
import { surviving } from './surviving.js';
import type { ConformanceTarget } from './target.js';

/** `test` or `it` of any framework: takes a title and a function that rejects on failure. Tests run in order. */
export interface TestFunction {
  (title: string, prove: () => Promise<void>): void;
  /** Registers a skipped test, as in Jest, Vitest and Node's own runner. */
  readonly skip?: SkipFunction;
}

/** `test.skip` of any framework. */
export type SkipFunction = (title: string, prove: () => Promise<void>) => void;

/** Options of {@link conformanceSuite}. */
export interface ConformanceOptions {
  /** `it` of Jest, Vitest, or Node's own runner. */
  readonly test: TestFunction;
  /** Called for promises that do not apply, with the reason in the title. Default: `test.skip`, where it exists. */
  readonly skip?: SkipFunction;
  /** Receives the table of promises at the end. Default: standard output. */
  readonly print?: (table: string) => void;
  /** Receives the results as data, for a table over several targets. */
  readonly report?: (report: ConformanceReport) => void;
}

/** Result of each promise on one target. */
export interface ConformanceReport {
  readonly target: string;
  readonly rows: readonly PromiseRow[];
}

/** Every promise of the port, in order. */
export const driverPromises: readonly DriverPromise[] = [
  ...connecting,
  ...publishing,
  ...reading,
  ...settling,
  ...stopping,
  ...sharing,
  ...keeping,
  ...lagging,
  ...requesting,
  ...surviving,
  ...inspecting,
];

/**
 * Registers the promises of the port as tests, with the test framework that is passed in. A promise that does not apply
 * to a target is a skipped test; its reason is in the title and in the printed table. The last test fails if a promise
 * was neither proved nor skipped for a reason.
 *
 * @example
 * describe('my driver', () => conformanceSuite(target, { test: it }));
 */
export function conformanceSuite(target: ConformanceTarget, options: ConformanceOptions): void {
  const { test, skip = test.skip, print = toOutput, report } = options;
  const results = new Map<DriverPromise, string>();
  for (const promise of driverPromises) {
    const title = `${promise.id} ${promise.text}`;
    const run = (): Promise<void> => prove(promise, target, results);
    const reason = promise.unless?.(target);
    if (reason === undefined) {
      test(title, run);
    } else {
      results.set(promise, `does not apply: ${reason}`);
      skip?.(`${title} (${results.get(promise)})`, run);
    }
  }
  test('the table of promises is complete', async () => {
    const rows = driverPromises.map((promise): PromiseRow => {
      return { id: promise.id, text: promise.text, result: results.get(promise) ?? 'not run' };
    });
    print(formatTable(target.name, rows));
    report?.({ target: target.name, rows });
    assert.deepEqual(
      rows.filter(({ result }) => result === 'not run').map(({ id }) => id),
      [],
    );
  });
}

async function prove(
  promise: DriverPromise,
  target: ConformanceTarget,
  results: Map<DriverPromise, string>,
): Promise<void> {
  results.set(promise, 'broken');
  const bench = new Bench(target);
  try {
    await promise.prove(bench);
  } catch (error) {
    // Reports the original failure rather than one of the clean-up.
    await bench.end().catch(() => undefined);
    throw error;
  }
  await bench.end();
  results.set(promise, 'kept');
}

function toOutput(table: string): void {
  process.stdout.write(`${table}\n`);
}

/** One line of the table of promises. */
export interface PromiseRow {
  readonly id: string;
  readonly text: string;
  /** `kept`, `broken`, `not run`, or why it does not apply. */
  readonly result: string;
}

/** Skipped promises are listed too, so that it is visible what a suite leaves out. */
export function formatTable(name: string, rows: readonly PromiseRow[]): string {
  const kept = rows.filter(({ result }) => result === 'kept').length;
  const lines = rows.map(({ id, text, result }) => `  ${id.padEnd(4)}${text}: ${result}`);
  return [`Promises of ${name} (${kept} of ${rows.length} kept)`, ...lines].join('\n');
}
