import { describe, expect, it } from '@jest/globals';
import { pictureOf, SIZE } from '../../../lib/asyncapi/page/graph/layout.js';
import type { GraphNode, GraphNodes } from '../../../lib/asyncapi/page/graph/nodes.js';
import { shortened } from '../../../lib/asyncapi/page/graph/text-width.js';

/** `a>b` is an edge; places begin with a small letter, handlers with a capital. */
function graph(text: string): GraphNodes {
  const edges = text.split(' ').map((one) => {
    const [from, to] = one.split('>') as [string, string];
    return { from, to, kind: 'reads' as const };
  });
  const ids = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  const nodes = ids.map((id): GraphNode => {
    const type = /[A-Z]/.test(id) ? 'handler' : 'place';
    return { id, type, broker: 'b', name: id, title: id, note: '', letters: false };
  });
  return { nodes, edges };
}

const at = (picture: ReturnType<typeof pictureOf>, id: string) => picture.nodes.find((node) => node.id === id)!;
const column = (picture: ReturnType<typeof pictureOf>, id: string) =>
  (at(picture, id).x - SIZE.margin) / (picture.nodeWidth + SIZE.gapX);

/** Beginning and end of an edge. */
function ends(path: string): { from: number[]; to: number[] } {
  const numbers = path.match(/-?\d+/g)!.map(Number);
  return { from: numbers.slice(0, 2), to: numbers.slice(-2) };
}

describe('the picture of a graph', () => {
  it('goes from left to right as messages travel', () => {
    const picture = pictureOf(graph('orders>Bridge Bridge>confirmed confirmed>Report'));
    expect(['orders', 'Bridge', 'confirmed', 'Report'].map((id) => column(picture, id))).toEqual([0, 1, 2, 3]);
    expect(new Set(picture.nodes.map(({ y }) => y)).size).toBe(1);
  });

  it.each([
    ['a fan', 'a>A a>B a>C a>D A>x B>x C>y D>y'],
    ['two chains', 'a>A A>b c>C C>d'],
    ['an edge over several columns', 'a>A A>b b>B B>c a>C C>c a>B'],
    ['a circle', 'a>A A>b b>B B>a'],
    ['many handlers', Array.from({ length: 30 }, (_, n) => `t${n % 7}>H${n} H${n}>u${n % 5}`).join(' ')],
  ])('lets no two nodes overlap, and lies within its size: %s', (_, text) => {
    const { nodes, width, height, nodeWidth } = pictureOf(graph(text));
    for (const [place, one] of nodes.entries()) {
      expect(one.x).toBeGreaterThanOrEqual(SIZE.margin);
      expect(one.y).toBeGreaterThanOrEqual(SIZE.margin);
      expect(one.x + nodeWidth).toBeLessThanOrEqual(width);
      expect(one.y + SIZE.height).toBeLessThanOrEqual(height);
      for (const other of nodes.slice(place + 1)) {
        expect(one.x !== other.x || Math.abs(one.y - other.y) >= SIZE.height).toBe(true);
      }
    }
  });

  it('turns an edge of a circle round to place nodes, and draws it from its beginning to its end', () => {
    const picture = pictureOf(graph('a>A A>b b>B B>a'));
    expect(['a', 'A', 'b', 'B'].map((id) => column(picture, id))).toEqual([0, 1, 2, 3]);
    const back = picture.edges.find(({ from }) => from === 'B')!;
    const { from, to } = ends(back.path);
    expect(from[0]).toBe(at(picture, 'B').x);
    expect(to[0]).toBe(at(picture, 'a').x + picture.nodeWidth);
  });

  it('crosses no edges where it need not', () => {
    const picture = pictureOf(graph('a>B b>A B>y A>x'));
    const above = (one: string, other: string) => at(picture, one).y < at(picture, other).y;
    expect([above('a', 'b'), above('B', 'A'), above('y', 'x')]).toEqual([true, true, true]);
  });

  it('is wide enough for the names of usual handlers', () => {
    const name = 'OrdersController.orderWasConfirmed';
    const { nodeWidth } = pictureOf(graph(`orders>${name}`));
    expect(shortened(name, 'name', nodeWidth - 2 * SIZE.padding)).toBe(name);
  });

  it('of no handlers is empty', () => {
    expect(pictureOf({ nodes: [], edges: [] })).toMatchObject({ nodes: [], edges: [] });
  });
});
