/** What travels: `id` is unique on its way, and of one key they ascend. */
export interface Numbered {
  readonly id: number;
  readonly key: string;
}

/** What became of messages on their way. */
export interface Verdict {
  /** Ids of those that never arrived. */
  readonly lost: readonly number[];
  /** How many arrivals were of one that had arrived before. */
  readonly twice: number;
  /** Ids of those whose first arrival came after that of a later one of their key. */
  readonly overtaken: readonly number[];
}

/** Compares what there was to carry with what arrived, each in its order. */
export function judge(carried: readonly Numbered[], arrived: readonly Numbered[]): Verdict {
  const [sent, seen] = [firstsOf(carried), firstsOf(arrived)];
  return {
    lost: [...sent.keys()].filter((id) => !seen.has(id)),
    twice: arrived.length - seen.size,
    overtaken: overtaken([...sent.keys()], seen),
  };
}

function firstsOf(messages: readonly Numbered[]): Map<number, string> {
  const firsts = new Map<number, string>();
  for (const { id, key } of messages) if (!firsts.has(id)) firsts.set(id, key);
  return firsts;
}

function overtaken(order: readonly number[], seen: ReadonlyMap<number, string>): number[] {
  const places = new Map(order.map((id, place) => [id, place]));
  const furthest = new Map<string, number>();
  const late: number[] = [];
  for (const [id, key] of seen) {
    const place = places.get(id) ?? -1;
    if (place < (furthest.get(key) ?? -1)) late.push(id);
    else furthest.set(key, place);
  }
  return late;
}
