import type { Graph, GraphBroker, GraphEdge, GraphHandler, GraphPlace } from '../../../lifecycle/index.js';

/** A topic, subject or stream, a handler, or a broker that is not added yet, as it is drawn. */
export interface GraphNode {
  readonly id: string;
  readonly type: 'place' | 'handler' | 'broker';
  readonly broker: string;
  /** The address, `Class.method`, or the broker's name. */
  readonly name: string;
  /** In the words of its system: `topic orders`; of a handler the id of its handle. */
  readonly title: string;
  /** The smaller line below the name. */
  readonly note: string;
  /** Whether dead letters are parked there. */
  readonly letters: boolean;
  /** Of a handler: the `id` of its handle. */
  readonly handle?: string | undefined;
}

/** What is drawn of a graph. */
export interface GraphNodes {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Places and handlers are drawn; brokers are told by colour, except for those that handlers wait for. */
export function nodesOf({ brokers, handlers, edges }: Graph): GraphNodes {
  const waitedFor = new Set(edges.filter(({ kind }) => kind === 'waits').map(({ from }) => from));
  return {
    nodes: [
      ...brokers.flatMap((broker) => broker.places.map((place) => placeNode(place, broker))),
      ...brokers.filter(({ id }) => waitedFor.has(id)).map(brokerNode),
      ...handlers.map((handler) => handlerNode(handler, edges)),
    ],
    edges,
  };
}

function placeNode({ id, address, label, letters }: GraphPlace, { name: broker }: GraphBroker): GraphNode {
  const note = [letters ? 'dead letters' : whatIs(label, address), broker].join(' · ');
  return { id, type: 'place', broker, name: address, title: label, note, letters };
}

/** `stream` of `stream ORDERS`: tells apart what has one address. */
const whatIs = (label: string, address: string): string => label.replace(address, '').replace(/\s+/g, ' ').trim();

function brokerNode({ id, name }: GraphBroker): GraphNode {
  const title = `${name}: not added yet`;
  return { id, type: 'broker', broker: name, name, title, note: 'not added yet', letters: false };
}

function handlerNode({ id, label, broker, handle, notes }: GraphHandler, edges: readonly GraphEdge[]): GraphNode {
  const groups = edges.filter(({ to, kind }) => to === id && kind === 'reads').map((edge) => edge.label);
  const note = [...groups, ...notes].filter((one) => one !== undefined).join(' · ');
  return { id, type: 'handler', broker, name: label, title: handle ?? label, note, letters: false, handle };
}
