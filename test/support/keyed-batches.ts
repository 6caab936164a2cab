import type { HandlerResult } from '../../lib/delivery/index.js';
import { batchRig, type BatchRigOptions } from './batch-rig.js';
import { open, type Rig } from './delivery-rig.js';

type Call = { resolve(): void; reject(error: Error): void };

/** A rig whose batches end when the test says so; `calls` by their bodies, joined by a space. */
export function openBatches(options: Omit<BatchRigOptions, 'handle'>): {
  readonly rig: Rig;
  /** The bodies of each call, joined by a space. */
  readonly made: string[];
  end(bodies: string): void;
  fail(bodies: string): void;
} {
  const calls = new Map<string, Call>();
  const made: string[] = [];
  const { rig } = batchRig({
    ...options,
    handle: (bodies) => {
      const { promise, resolve, reject } = open<readonly HandlerResult[] | undefined>();
      made.push(bodies.join(' '));
      calls.set(bodies.join(' '), { resolve: () => resolve(undefined), reject });
      return promise;
    },
  });
  const call = (bodies: string): Call => {
    const found = calls.get(bodies);
    if (found === undefined) throw new Error(`${bodies} was not called, but ${made.join(', ')}`);
    return found;
  };
  return {
    rig,
    made,
    end: (bodies) => call(bodies).resolve(),
    fail: (bodies) => call(bodies).reject(new Error(`${bodies} failed`)),
  };
}
