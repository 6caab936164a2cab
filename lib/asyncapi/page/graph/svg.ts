import { type Graph, type GraphEdge, type GraphEdgeKind } from '../../../lifecycle/index.js';
import { escaped } from '../escaped.js';
import { type DrawnEdge, type DrawnNode, type Picture, pictureOf, SIZE } from './layout.js';
import { nodesOf } from './nodes.js';
import { ownStyle, toneOf } from './style.js';
import { type Line, shortened } from './text-width.js';

const WORDS: Readonly<Record<GraphEdgeKind, string>> = {
  reads: 'is read by',
  publishes: 'publishes to',
  parks: 'parks dead letters in',
  feeds: 'feeds',
  waits: 'is waited for by',
};

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Open Sans', sans-serif";

/** The picture of a graph, as a file that needs nothing else. What it shows is told by attributes, too. */
export function svgOf(graph: Graph): string {
  const picture = pictureOf(nodesOf(graph));
  const { nodes, edges } = picture;
  const tones = new Map(graph.brokers.map(({ name }, at) => [name, toneOf(at)]));
  const titles = new Map(nodes.map(({ id, title, type, name }) => [id, type === 'handler' ? name : title]));
  const [width, height] = [String(Math.max(1, picture.width)), String(Math.max(1, picture.height))];
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return `${element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', class: 'picture', role: 'img', 'font-family': FONT, ...size },
    element('title', {}, 'Brokers, handlers and dead letters'),
    `<style>\n${ownStyle()}</style>`,
    element('rect', { class: 'ground', width, height }),
    element('defs', {}, ...Object.keys(WORDS).map(arrow)),
    ...edges.map((edge) => edgeElement(edge, titles)),
    ...nodes.map((node) => nodeElement(node, picture, tones.get(node.broker) ?? '')),
  )}\n`;
}

function edgeElement(edge: DrawnEdge, titles: ReadonlyMap<string, string>): string {
  const { from, to, kind, path } = edge;
  return element(
    'path',
    { class: `edge ${kind}`, d: path, 'marker-end': `url(#arrow-${kind})`, 'data-from': from, 'data-to': to },
    element('title', {}, text(sentence(edge, titles))),
  );
}

function sentence({ from, to, kind, label }: GraphEdge, titles: ReadonlyMap<string, string>): string {
  const more = label === undefined ? '' : ` (${label})`;
  return `${titles.get(from) ?? from} ${WORDS[kind]} ${titles.get(to) ?? to}${more}`;
}

function nodeElement(node: DrawnNode, { nodeWidth, nodeHeight }: Picture, tone: string): string {
  const { id, type, broker, name, title, note, letters, handle, x, y } = node;
  const room = nodeWidth - 2 * SIZE.padding;
  const line = (of: Line, at: string, said: string): string =>
    element('text', { class: of, x: String(SIZE.padding), y: at }, text(shortened(said, of, room)));
  return element(
    'g',
    {
      class: ['node', type, ...(letters ? ['letters'] : []), tone].join(' '),
      transform: `translate(${String(x)} ${String(y)})`,
      'data-id': id,
      'data-broker': broker,
      'data-name': name,
      'data-title': title,
      'data-note': note,
      ...(handle !== undefined && { 'data-handle': handle }),
    },
    element('title', {}, text(`${title} (${broker})`)),
    element('rect', {
      width: String(nodeWidth),
      height: String(nodeHeight),
      rx: String(type === 'handler' ? 9 : nodeHeight / 2),
    }),
    line('name', note === '' ? '31' : '22', name),
    line('note', '39', note),
  );
}

function arrow(kind: string): string {
  const shape = { viewBox: '0 0 8 8', refX: '7', refY: '4', markerWidth: '7', markerHeight: '7', orient: 'auto' };
  return element('marker', { id: `arrow-${kind}`, class: `arrow ${kind}`, ...shape }, '<path d="M0 0 8 4 0 8z"/>');
}

/** Of XML 1.0, which has no control characters, not even escaped. */
const text = (said: string): string => escaped(said.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd'));

function element(tag: string, attributes: Readonly<Record<string, string>>, ...children: readonly string[]): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${text(value)}"`);
  const open = `<${tag}${written.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${tag}>`;
}
