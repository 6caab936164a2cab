import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compiled, compiledLibrary } from '../support/compiled-library.js';

interface Made {
  readonly allocated: number;
  readonly bytes: number;
  readonly objects: Readonly<Record<string, number>>;
}

/** All that is allocated until the end of the process fits into it. */
const NO_COLLECTION = ['--min-semi-space-size=256', '--max-semi-space-size=256', '--expose-gc'];

/** The table of "How it is fast" in docs/architecture.md says the same. */
describe('a message from Kafka to a stream', () => {
  let made: Made;

  beforeAll(async () => {
    const script = path.join(path.dirname(compiledLibrary('allocations')), 'test/bench/allocations/path.js');
    mkdirSync(path.dirname(script), { recursive: true });
    writeFileSync(script, compiled(path.join(import.meta.dirname, 'allocations/path.ts')));
    const child = fork(script, { execArgv: [...NO_COLLECTION, '--no-warnings'] });
    const exit = once(child, 'exit').then(([code]) => {
      throw new Error(`It ended with ${String(code)} before it had counted`);
    });
    [made] = (await Promise.race([once(child, 'message'), exit])) as [Made];
    exit.catch(() => undefined);
  }, 300_000);

  it('has one object of each stage alive until its publish is confirmed, and no context', () => {
    expect(made.objects).toEqual({
      KafkaRecord: 1,
      Delivery: 1,
      AttemptContext: 0,
      JsonPublication: 1,
      SinglePublication: 0,
    });
  });

  it('keeps less than 2,000 bytes until then', () => {
    expect(made.bytes).toBeLessThan(1_000);
  });

  it('allocates less than 6,000 bytes in all, garbage included', () => {
    expect(made.allocated).toBeLessThan(4_000);
    // Something was measured.
    expect(made.allocated).toBeGreaterThan(500);
  });
});
