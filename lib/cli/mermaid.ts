import type { Graph, GraphBroker, GraphEdge, GraphHandler } from '../lifecycle/index.js';

/** A graph as a Mermaid flowchart: a box for each broker, its places in it, and the handlers between them. */
export function mermaidOf(graph: Graph): string {
  const ids = idsOf(graph);
  const idOf = (id: string): string => ids.get(id) ?? id;
  const lines = [
    'flowchart LR',
    ...graph.brokers.flatMap((broker) => brokerLines(broker, idOf)),
    ...graph.handlers.map((handler) => `  ${idOf(handler.id)}[${handlerText(handler)}]`),
    ...graph.edges.map((edge) => `  ${idOf(edge.from)} ${arrowOf(edge)} ${idOf(edge.to)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Mermaid takes few characters in ids, and some words mean something in it. */
function idsOf({ brokers, handlers }: Graph): ReadonlyMap<string, string> {
  const places = brokers.flatMap((broker) => broker.places);
  return new Map([
    ...brokers.map(({ id }, at) => [id, `b${String(at)}`] as const),
    ...places.map(({ id }, at) => [id, `p${String(at)}`] as const),
    ...handlers.map(({ id }, at) => [id, `h${String(at)}`] as const),
  ]);
}

function brokerLines({ id: broker, name, kind, places }: GraphBroker, idOf: (id: string) => string): string[] {
  const title = kind === undefined ? `${name}: not added yet` : `${name} (${kind})`;
  const id = idOf(broker);
  if (places.length === 0) return [`  ${id}[(${quoted(title)})]`];
  return [
    `  subgraph ${id}[${quoted(title)}]`,
    ...places.map((place) => `    ${idOf(place.id)}([${quoted(place.label)}])`),
    '  end',
  ];
}

function handlerText({ label, notes }: GraphHandler): string {
  return quoted([label, ...notes]);
}

function arrowOf({ kind, label }: GraphEdge): string {
  const isSolid = kind === 'reads' || kind === 'publishes';
  const text = isSolid ? label : kind === 'parks' ? 'dead letter' : kind;
  const arrow = isSolid ? '-->' : '-.->';
  return text === undefined ? arrow : `${arrow}|${quoted(text)}|`;
}

/** A text with lines, as Mermaid reads it: what has a meaning in it or in HTML is written by its number. */
function quoted(lines: string | readonly string[]): string {
  return `"${[lines].flat().map(escaped).join('<br>')}"`;
}

const escaped = (text: string): string =>
  text.replace(/["#&<>`\\\r\n]/g, (character) => `#${String(character.charCodeAt(0))};`);
