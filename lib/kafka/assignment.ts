/** A topic of a group, and the members that read it, in the order in which they are served. */
export interface GroupTopic<T, M> {
  readonly topic: T;
  readonly partitions: number;
  readonly readers: readonly M[];
}

/** A partition, and the member that has it. */
export interface Owned<T, M> {
  readonly topic: T;
  readonly partition: number;
  readonly owner: M;
}

/**
 * Shares a group's partitions out: each goes to a member that reads its topic, to the one that has the fewest so far,
 * of equals to the first. Topics with few readers come first, so that the others can make up for it. Where all
 * members read the same topics, this is kafkajs's round robin, which counts on from one topic to the next. A topic
 * that nobody reads is left out.
 */
export function assign<T, M>(topics: readonly GroupTopic<T, M>[]): Owned<T, M>[] {
  const held = new Map<M, number>();
  const owned: Owned<T, M>[] = [];
  for (const { topic, partitions, readers } of topics.toSorted((a, b) => a.readers.length - b.readers.length)) {
    for (let partition = 0; partition < partitions; partition++) {
      const owner = leastOf(readers, held);
      if (owner === undefined) break;
      held.set(owner, (held.get(owner) ?? 0) + 1);
      owned.push({ topic, partition, owner });
    }
  }
  return owned;
}

function leastOf<M>(readers: readonly M[], held: ReadonlyMap<M, number>): M | undefined {
  const count = (reader: M): number => held.get(reader) ?? 0;
  return readers.reduce<M | undefined>(
    (least, reader) => (least === undefined || count(reader) < count(least) ? reader : least),
    undefined,
  );
}
