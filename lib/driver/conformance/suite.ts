import assert from 'node:assert/strict';

import { Bench } from './bench.js';
import { connecting } from './connecting.js';
import type { DriverPromise } from './promise.js';
import { publishing } from './publishing.js';
import { reading } from './reading.js';
import { requesting } from './requesting.js';
import { settling } from './settling.js';
import { sharing } from './sharing.js';
import { stopping } from './stopping.js';
import { surviving } from './surviving.js';
import { formatTable, type PromiseRow } from './table.js';
import type { ConformanceTarget } from './target.js';

/** As `test` or `it` of any framework: a title and a function that fails by rejecting. Run in order. */
export interface TestFunction {
  (title: string, prove: () => Promise<void>): void;
  /** Shows a test that is not run, as that of Jest, Vitest and Node's own runner does. */
  readonly skip?: SkipFunction;
}

/** As `test.skip` of any framework. */
export type SkipFunction = (title: string, prove: () => Promise<void>) => void;

/** How the suite is run. */
export interface ConformanceOptions {
  /** `it` of Jest, Vitest, or Node's own runner. */
  readonly test: TestFunction;
  /** Gets the promises that do not apply, the reason in the title. Default: `test.skip`, where `test` has one. */
  readonly skip?: SkipFunction;
  /** Gets the table of promises at the end. Default: standard output. */
  readonly print?: (table: string) => void;
  /** Gets the same as values, for a table over several targets. */
  readonly report?: (report: ConformanceReport) => void;
}

/** What became of each promise on one target. */
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
  ...requesting,
  ...surviving,
];

/**
 * What every driver has to keep, as tests. It needs no test framework: it is handed one. A promise that does not apply
 * to a target is a skipped test, and stands in the printed table, with the reason in both; the last test fails where a
 * promise was neither proved nor has a reason.
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
  test('the table of promises is whole', async () => {
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
    // What failed is told, not what the clean-up ran into afterwards.
    await bench.end().catch(() => undefined);
    throw error;
  }
  await bench.end();
  results.set(promise, 'kept');
}

function toOutput(table: string): void {
  process.stdout.write(`${table}\n`);
}
