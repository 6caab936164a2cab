import { setTimeout } from 'node:timers/promises';

/** Waits until the expectation holds; after two seconds it fails with what the expectation says. */
export async function eventually(expectation: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + 2_000;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await setTimeout(2);
  }
}
