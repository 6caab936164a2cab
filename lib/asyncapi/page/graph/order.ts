import { type Link, neighbours } from './layers.js';

/** How often the layers are ordered by their neighbours, to and fro. More changes nothing in graphs of this size. */
const SWEEPS = 8;

/**
 * Orders the nodes of each layer so that few edges cross: each by the middle of those that it is tied to in the layer
 * before, and on the way back in the layer behind.
 */
export function ordered(layers: readonly (readonly number[])[], size: number, links: readonly Link[]): number[][] {
  const [into, out] = [neighbours(size, links, 'into'), neighbours(size, links)];
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(best, out);
  let current = best;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    current = sweep % 2 === 0 ? swept(current, into, 1) : swept(current, out, -1);
    const now = crossings(current, out);
    if (now < fewest) [best, fewest] = [current, now];
  }
  return best;
}

function swept(layers: readonly number[][], tied: readonly number[][], step: 1 | -1): number[][] {
  const next = layers.map((layer) => [...layer]);
  const start = step === 1 ? 1 : next.length - 2;
  for (let at = start; at >= 0 && at < next.length; at += step) {
    const places = placesOf(next[at - step] ?? []);
    const middles = new Map(
      (next[at] ?? []).map((node, place) => [node, middleOf(tied[node] ?? [], places) ?? place] as const),
    );
    next[at]?.sort((one, other) => (middles.get(one) ?? 0) - (middles.get(other) ?? 0));
  }
  return next;
}

const placesOf = (layer: readonly number[]): Map<number, number> =>
  new Map(layer.map((node, place) => [node, place] as const));

function middleOf(nodes: readonly number[], places: ReadonlyMap<number, number>): number | undefined {
  const found = nodes.flatMap((node) => places.get(node) ?? []);
  return found.length === 0 ? undefined : found.reduce((sum, place) => sum + place, 0) / found.length;
}

function crossings(layers: readonly number[][], out: readonly number[][]): number {
  let sum = 0;
  for (let at = 0; at + 1 < layers.length; at++) {
    const places = placesOf(layers[at + 1] ?? []);
    const ends = (layers[at] ?? []).map((node) => (out[node] ?? []).flatMap((to) => places.get(to) ?? []));
    for (const [place, mine] of ends.entries()) {
      for (const later of ends.slice(place + 1)) {
        for (const end of mine) sum += later.filter((other) => other < end).length;
      }
    }
  }
  return sum;
}
