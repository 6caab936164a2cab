import type { BrokerCounts, HandlerHandle, MultiBroker } from '../driver/index.js';
import { type HandlerLabels, handlerLabels, otherLabels } from './labels.js';

/** The value of one series. */
export interface Sample<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

/** One count of every handler, and of what reads on a broker besides them. */
export function countsOf(
  { handlers, health }: BrokerCounters,
  count: keyof BrokerCounts,
): readonly Sample<keyof HandlerLabels>[] {
  const own = handlers.map((handle) => ({ labels: handlerLabels(handle), value: handle.counts[count] }));
  const others = health().brokers.flatMap(({ name, counts }) => {
    const counted = own.filter(({ labels }) => labels.broker === name).reduce((sum, { value }) => sum + value, 0);
    return counts[count] > counted ? [{ labels: otherLabels(name), value: counts[count] - counted }] : [];
  });
  return summed([...own, ...others]);
}

interface BrokerCounters {
  readonly handlers: readonly HandlerHandle[];
  readonly health: MultiBroker['health'];
}

/** A method may read one address by two groups, which have the same labels. */
function summed<Label extends string>(samples: readonly Sample<Label>[]): readonly Sample<Label>[] {
  const sums = new Map<string, Sample<Label>>();
  for (const { labels, value } of samples) {
    const key = JSON.stringify(labels);
    sums.set(key, { labels, value: value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}
