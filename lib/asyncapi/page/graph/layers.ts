/** Edges of an undrawn graph, by number of node. */
export type Link = readonly [from: number, to: number];

/**
 * The same edges without circles: an edge that leads back to where a walk came from is turned round. Walks begin where
 * nothing leads to, then in the order of the nodes.
 */
export function withoutCircles(size: number, links: readonly Link[]): readonly Link[] {
  const out = neighbours(size, links);
  const into = new Set(links.map(([, to]) => to));
  const state: ('open' | 'done' | undefined)[] = [];
  const back = new Set<string>();
  const visit = (node: number): void => {
    state[node] = 'open';
    for (const next of out[node] ?? []) {
      if (state[next] === 'open') back.add(`${String(node)} ${String(next)}`);
      else if (state[next] === undefined) visit(next);
    }
    state[node] = 'done';
  };
  const all = Array.from({ length: size }, (_, node) => node);
  for (const node of [...all.filter((one) => !into.has(one)), ...all]) if (state[node] === undefined) visit(node);
  return links.map(([from, to]): Link => (back.has(`${String(from)} ${String(to)}`) ? [to, from] : [from, to]));
}

/** The layer of each node: one behind the farthest of those that lead to it. */
export function layersOf(size: number, links: readonly Link[]): readonly number[] {
  const out = neighbours(size, links);
  const layers = new Array<number>(size).fill(0);
  const waiting = new Array<number>(size).fill(0);
  for (const [, to] of links) waiting[to] = (waiting[to] ?? 0) + 1;
  const ready = Array.from({ length: size }, (_, node) => node).filter((node) => waiting[node] === 0);
  for (let node = ready.shift(); node !== undefined; node = ready.shift()) {
    for (const next of out[node] ?? []) {
      layers[next] = Math.max(layers[next] ?? 0, (layers[node] ?? 0) + 1);
      waiting[next] = (waiting[next] ?? 1) - 1;
      if (waiting[next] === 0) ready.push(next);
    }
  }
  return layers;
}

/** Those that each node leads to; `'into'` those that lead to it. */
export function neighbours(size: number, links: readonly Link[], side: 'out' | 'into' = 'out'): number[][] {
  const found = Array.from({ length: size }, (): number[] => []);
  for (const [from, to] of links) {
    if (side === 'out') found[from]?.push(to);
    else found[to]?.push(from);
  }
  return found;
}
