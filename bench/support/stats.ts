export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `52.3k [48.1k..55.0k]` */
export function spread(values: readonly number[]): string {
  return `${thousands(median(values))} [${thousands(Math.min(...values))}..${thousands(Math.max(...values))}]`;
}

export function thousands(value: number): string {
  return `${(value / 1_000).toFixed(1)}k`;
}
