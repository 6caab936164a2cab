import { JsonMessage, type Outcome } from '../../../lib/driver/index.js';
import { verdict } from '../../integration/nats/support.js';

export const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);

/** As handlers return them: numbered, each with its id; those at `large` have so many characters, of two bytes each. */
export function results(count: number, from = 0, large: readonly number[] = [], size = 0): JsonMessage[] {
  return range(count).map((index) => {
    const n = String(from + index).padEnd(large.includes(index) ? size : 0, 'é');
    const origin = { position: `orders[0]@${from + index}` } as JsonMessage['origin'];
    return new JsonMessage(JSON.stringify({ n }), origin, '/Bridge.forward', '1', 'c-1');
  });
}

/** The index and verdict of those that failed. */
export function failures(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap((outcome, index) => ('error' in outcome ? `${index} ${verdict(outcome)}` : []));
}
