export function verdictOf(ratios: readonly number[]): {
  verdict: 'slower' | 'held' | 'not proven';
  median: number;
  least: number;
  most: number;
};
