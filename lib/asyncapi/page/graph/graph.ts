import type { Topology, TopologyHandler, TopologyTarget } from '../../../driver/index.js';

/** A topic, subject or stream, or a handler. */
export interface GraphNode {
  readonly id: string;
  readonly type: 'place' | 'handler';
  readonly broker: string;
  /** The address, or `Class.method`. */
  readonly label: string;
  /** In the words of its system: `topic orders (group shop)`; of a handler its id. */
  readonly title: string;
  /** Whether dead letters are parked there. */
  readonly letters: boolean;
  /** Of a handler: the `id` of its handle. */
  readonly handler?: string;
}

/**
 * - `reads`, from a place to a handler
 * - `publishes`, `parks`, from a handler to a place
 * - `feeds`, from a place to another that keeps its messages, as a stream does those of a subject
 */
export type EdgeType = 'reads' | 'publishes' | 'parks' | 'feeds';

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly type: EdgeType;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** What is drawn of an application: its places and handlers, in the order in which they are declared. */
export function graphOf(topology: Topology): Graph {
  const graph = new GraphBuilder();
  for (const handler of topology.handlers) graph.source(handler);
  for (const handler of topology.handlers) graph.targets(handler);
  return graph.done();
}

type Place = Pick<GraphNode, 'broker' | 'label' | 'title' | 'letters'>;

class GraphBuilder {
  private readonly places = new Map<string, GraphNode>();
  private readonly handlers = new Map<string, GraphNode>();
  private readonly edges = new Map<string, GraphEdge>();
  /** The place that each handler reads, by the handler's id. */
  private readonly sources = new Map<string, string>();

  source({ id, handler, broker, source }: TopologyHandler): void {
    const place = this.place({ broker, label: source.address, title: source.name, letters: false });
    const node = { id: `h${String(this.handlers.size)}`, type: 'handler', broker, label: handler } as const;
    this.handlers.set(id, { ...node, title: id, letters: false, handler: id });
    this.sources.set(id, place);
    this.edge(place, node.id, 'reads');
  }

  targets({ id, publishTo, deadLetter }: TopologyHandler): void {
    for (const target of publishTo) this.target(id, target, 'publishes');
    if (deadLetter !== undefined) this.target(id, deadLetter, 'parks');
  }

  done(): Graph {
    return { nodes: [...this.places.values(), ...this.handlers.values()], edges: [...this.edges.values()] };
  }

  private target(by: string, { broker, destination }: TopologyTarget, type: 'publishes' | 'parks'): void {
    const { address: label, name: title, readBy } = destination;
    const place = this.place({ broker, label, title, letters: type === 'parks' });
    const node = this.handlers.get(by);
    if (node !== undefined) this.edge(node.id, place, type);
    for (const reader of readBy) {
      const source = this.sources.get(reader);
      if (source !== undefined && source !== place) this.edge(place, source, 'feeds');
    }
  }

  private place(found: Place): string {
    const key = `${found.broker}\n${found.label}`;
    const known = this.places.get(key);
    const id = known?.id ?? `p${String(this.places.size)}`;
    const letters = found.letters || known?.letters === true;
    this.places.set(key, { id, type: 'place', ...found, title: known?.title ?? found.title, letters });
    return id;
  }

  private edge(from: string, to: string, type: EdgeType): void {
    this.edges.set(`${from} ${to} ${type}`, { from, to, type });
  }
}
