import type { GraphEdge } from '../../../lifecycle/index.js';
import { layersOf, type Link, neighbours, withoutCircles } from './layers.js';
import type { GraphNode, GraphNodes } from './nodes.js';
import { ordered } from './order.js';
import { widthOf } from './text-width.js';

/** Sizes in the picture's own unit, a CSS pixel at 100 %. All nodes are as wide as the longest name needs, within limits. */
export const SIZE = { narrowest: 204, widest: 340, padding: 14, height: 52, gapX: 50, gapY: 22, margin: 12 } as const;

function nodeWidthOf(nodes: readonly GraphNode[]): number {
  const texts = nodes.map(({ name, note }) => Math.max(widthOf(name, 'name'), widthOf(note, 'note')));
  const wanted = Math.ceil(Math.max(0, ...texts)) + 2 * SIZE.padding;
  return Math.min(SIZE.widest, Math.max(SIZE.narrowest, wanted));
}

export interface DrawnNode extends GraphNode {
  readonly x: number;
  readonly y: number;
}

/** An edge as the data of an SVG path, from its beginning to its end. */
export interface DrawnEdge extends GraphEdge {
  readonly path: string;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
}

/**
 * Places the graph from left to right, as messages travel: in layers, ordered so that few edges cross. An edge over
 * several layers passes between the nodes of those in between.
 */
export function pictureOf({ nodes, edges }: GraphNodes): Picture {
  const numbers = new Map(nodes.map(({ id }, number) => [id, number] as const));
  const links = edges.map(({ from, to }): Link => [numbers.get(from) ?? 0, numbers.get(to) ?? 0]);
  const forward = withoutCircles(nodes.length, links);
  const layers = layersOf(nodes.length, forward);
  const chains = new Chains(nodes.length, layers, forward);
  const rows = rowsOf(chains);
  const width = nodeWidthOf(nodes);
  const at = (node: number): Point => ({ x: xOf(chains.layers[node] ?? 0, width), y: SIZE.margin + (rows[node] ?? 0) });
  return {
    ...extent(chains, rows, width),
    nodeWidth: width,
    nodeHeight: SIZE.height,
    nodes: nodes.map((node, number) => ({ ...node, ...at(number) })),
    edges: edges.map((edge, number) => {
      const isTurned = forward[number]?.[0] !== links[number]?.[0];
      return { ...edge, path: pathOf((chains.paths[number] ?? []).map(at), isTurned, width) };
    }),
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The graph with a node of no width in each layer that an edge passes. */
class Chains {
  readonly layers: number[];
  readonly links: Link[] = [];
  /** The nodes of each edge, from layer to layer. */
  readonly paths: readonly (readonly number[])[];

  constructor(
    readonly real: number,
    layers: readonly number[],
    edges: readonly Link[],
  ) {
    this.layers = [...layers];
    this.paths = edges.map(([from, to]) => this.chain(from, to));
  }

  /** The nodes of each layer. */
  get byLayer(): number[][] {
    const found = Array.from({ length: Math.max(-1, ...this.layers) + 1 }, (): number[] => []);
    for (const [node, layer] of this.layers.entries()) found[layer]?.push(node);
    return found;
  }

  private chain(from: number, to: number): number[] {
    const path = [from];
    for (let layer = (this.layers[from] ?? 0) + 1; layer < (this.layers[to] ?? 0); layer++) {
      path.push(this.layers.push(layer) - 1);
    }
    path.push(to);
    for (const [at, node] of path.slice(1).entries()) this.links.push([path[at] ?? from, node]);
    return path;
  }
}

/** The height of a node; of what only passes less. */
const heightOf = (node: number, real: number): number => (node < real ? SIZE.height : SIZE.height / 3);

/** The upper edge of each node: in order within its layer, and as near to those that it is tied to as there is room. */
function rowsOf(chains: Chains): readonly number[] {
  const { real, links, layers } = chains;
  const order = ordered(chains.byLayer, layers.length, links);
  const rows = new Array<number>(layers.length).fill(0);
  const tied = [neighbours(layers.length, links, 'into'), neighbours(layers.length, links)];
  for (const layer of order)
    settle(
      layer,
      layer.map(() => 0),
      rows,
      real,
    );
  for (let round = 0; round < 6; round++) {
    const side = tied[round % 2] ?? [];
    for (const layer of round % 2 === 0 ? order : order.toReversed()) {
      const wanted = layer.map((node) => wantedRow(node, side[node] ?? [], rows, real));
      settle(layer, wanted, rows, real);
    }
  }
  const top = Math.min(...rows);
  return rows.map((row) => Math.round(row - top));
}

function wantedRow(node: number, tied: readonly number[], rows: readonly number[], real: number): number {
  if (tied.length === 0) return rows[node] ?? 0;
  const middles = tied.map((one) => (rows[one] ?? 0) + heightOf(one, real) / 2);
  return middles.reduce((sum, middle) => sum + middle, 0) / middles.length - heightOf(node, real) / 2;
}

/**
 * Puts a layer's nodes as near to the rows that they want as its order allows: those that would overlap form a block,
 * which stands where its members want on average.
 */
function settle(layer: readonly number[], wanted: readonly number[], rows: number[], real: number): void {
  interface Block {
    readonly nodes: number[];
    sum: number;
    height: number;
  }
  const blocks: Block[] = [];
  const topOf = ({ sum, nodes }: Block): number => sum / nodes.length;
  for (const [at, node] of layer.entries()) {
    let block: Block = { nodes: [node], sum: wanted[at] ?? 0, height: heightOf(node, real) + SIZE.gapY };
    for (let before = blocks.at(-1); before !== undefined && topOf(before) + before.height > topOf(block);) {
      const sum = before.sum + block.sum - before.height * block.nodes.length;
      block = { nodes: [...before.nodes, ...block.nodes], sum, height: before.height + block.height };
      blocks.pop();
      before = blocks.at(-1);
    }
    blocks.push(block);
  }
  for (const block of blocks) {
    let top = topOf(block);
    for (const node of block.nodes) {
      rows[node] = top;
      top += heightOf(node, real) + SIZE.gapY;
    }
  }
}

const xOf = (layer: number, width: number): number => SIZE.margin + layer * (width + SIZE.gapX);

function extent({ real, layers }: Chains, rows: readonly number[], width: number): Pick<Picture, 'width' | 'height'> {
  if (real === 0) return { width: 0, height: 0 };
  const bottom = Math.max(...rows.map((row, node) => row + heightOf(node, real)));
  return { width: xOf(Math.max(...layers), width) + width + SIZE.margin, height: bottom + 2 * SIZE.margin };
}

/** A curve from the right side of the first point's node to the left side of the last one's. */
function pathOf(points: readonly Point[], isTurned: boolean, width: number): string {
  const stops: Point[] = [];
  for (const [at, { x, y }] of points.entries()) {
    const isEnd = at === 0 || at === points.length - 1;
    const middle = y + (isEnd ? SIZE.height : SIZE.height / 3) / 2;
    if (at > 0) stops.push({ x, y: middle });
    if (at < points.length - 1) stops.push({ x: x + width, y: middle });
  }
  return curve(isTurned ? stops.reverse() : stops);
}

function curve(stops: readonly Point[]): string {
  const [first, ...rest] = stops;
  if (first === undefined) return '';
  let [path, before] = [`M${String(first.x)} ${String(first.y)}`, first];
  for (const stop of rest) {
    const half = (before.x + stop.x) / 2;
    path += ` C${[half, before.y, half, stop.y, stop.x, stop.y].map((one) => String(Math.round(one))).join(' ')}`;
    before = stop;
  }
  return path;
}
