/** Beyond it a change is refused. */
export const LIMIT = 1.1;

/**
 * What the ratios of head to base say, one of each pair of processes. The interval leaves out the least and the most, so that of
 * 9 pairs it holds the median in 96 of 100 runs; fewer than 5 prove nothing.
 *
 * @returns {{ verdict: 'slower' | 'held' | 'not proven', median: number, least: number, most: number }}
 */
export function verdictOf(ratios) {
  const sorted = [...ratios].sort((a, b) => a - b);
  const [least, most] = [sorted[1], sorted.at(-2)];
  const middle = median(sorted);
  if (sorted.length < 5) return { verdict: 'not proven', median: middle, least: sorted[0], most: sorted.at(-1) };
  const verdict = least > LIMIT ? 'slower' : most <= LIMIT ? 'held' : 'not proven';
  return { verdict, median: middle, least, most };
}

/** Of sorted numbers. */
function median(sorted) {
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function medianOf(values) {
  return median([...values].sort((a, b) => a - b));
}
