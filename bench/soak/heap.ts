/** Bytes in use, outside of the heap too, after forced collections: the least of some, as work goes on meanwhile. */
export async function heapAfterCollections(): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}
