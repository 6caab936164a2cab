import type { Topology, TopologyHandler, TopologyTarget } from '../driver/index.js';

/** The graph of an application: what its handlers read, write and park in. */
export interface Graph {
  readonly brokers: readonly GraphBroker[];
  readonly handlers: readonly GraphHandler[];
  readonly edges: readonly GraphEdge[];
}

/** A broker with its topics, subjects and streams. */
export interface GraphBroker {
  readonly id: string;
  readonly name: string;
  /** Undefined for a broker that handlers name and that is not added yet. */
  readonly kind: string | undefined;
  readonly places: readonly GraphPlace[];
}

/** A topic, subject or stream. Of one address there may be several: a stream and a subject may have one name. */
export interface GraphPlace {
  readonly id: string;
  readonly address: string;
  /** In the words of its system: `topic incoming`. */
  readonly label: string;
  /** Whether dead letters are parked there. */
  readonly letters: boolean;
}

/** What one method reads from one source, as handles have it. */
export interface GraphHandler {
  readonly id: string;
  /** `Class.method`. */
  readonly label: string;
  readonly broker: string;
  /** The `id` of its `HandlerHandle`; undefined of one whose broker is not added yet. */
  readonly handle: string | undefined;
  /** What is special of its calls: `batches of 100`. */
  readonly notes: readonly string[];
}

/**
 * - `reads`, from a place to a handler
 * - `publishes`, `parks` (dead letters), from a handler to a place
 * - `feeds`, from a place to another one that gets its messages, as a stream does those of a subject
 * - `waits`, from a broker that is not added yet to a handler
 */
export type GraphEdgeKind = 'reads' | 'publishes' | 'parks' | 'feeds' | 'waits';

/** From one id to another. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: GraphEdgeKind;
  /** Such as the group of a reader. */
  readonly label?: string | undefined;
}

/** The graph of what an application is wired to, in the order in which it is declared. */
export function graphOf(topology: Topology): Graph {
  return new GraphBuilder(topology).graph();
}

class GraphBuilder {
  /** By broker; two brokers may have one name each for theirs. */
  private readonly places = new Map<string, Map<string, GraphPlace>>();
  private readonly edges = new Map<string, GraphEdge>();

  constructor(private readonly topology: Topology) {}

  graph(): Graph {
    const { handlers, waiting } = this.topology;
    for (const handler of handlers) this.handler(handler);
    for (const { handler, broker } of waiting) this.edge(brokerId(broker), waitingId(handler, broker), 'waits');
    return { brokers: this.brokers(), handlers: handlersOf(this.topology), edges: [...this.edges.values()] };
  }

  private handler(handler: TopologyHandler): void {
    const { id, source, publishTo, deadLetter } = handler;
    this.edge(this.source(handler), handlerId(id), 'reads', source.sharedBy);
    for (const target of publishTo) this.target(id, target, 'publishes', target.conditional ? 'when' : undefined);
    if (deadLetter !== undefined) this.target(id, deadLetter, 'parks');
  }

  private target(by: string, { broker, destination }: TopologyTarget, kind: GraphEdgeKind, label?: string): void {
    const { address, name, readBy } = destination;
    const place = this.place(broker, { address, label: name, letters: kind === 'parks' });
    this.edge(handlerId(by), place, kind, label);
    for (const reader of this.topology.handlers) {
      if (reader.broker !== broker || !readBy.includes(reader.id)) continue;
      const source = this.source(reader);
      if (source !== place) this.edge(place, source, 'feeds');
    }
  }

  /** Readers share a place: by which group, queue or durable is told at the edge. */
  private source({ broker, source: { address, name, sharedBy } }: TopologyHandler): string {
    const label = sharedBy === undefined ? name : name.replace(` (${sharedBy})`, '');
    return this.place(broker, { address, label, letters: false });
  }

  /** Told apart by its label: on one server a stream and a subject of one address are two. */
  private place(broker: string, { address, label, letters }: Omit<GraphPlace, 'id'>): string {
    const places = this.places.get(broker) ?? new Map<string, GraphPlace>();
    const known = places.get(label) ?? { id: `place/${broker}/${label}`, address, label, letters };
    this.places.set(broker, places.set(label, { ...known, letters: known.letters || letters }));
    return known.id;
  }

  private edge(from: string, to: string, kind: GraphEdgeKind, label?: string): void {
    this.edges.set(JSON.stringify([from, to, kind, label]), { from, to, kind, label });
  }

  private brokers(): GraphBroker[] {
    const { brokers, waiting } = this.topology;
    const kinds = new Map(brokers.map(({ name, kind }) => [name, kind]));
    const names = new Set([...kinds.keys(), ...this.places.keys(), ...waiting.map(({ broker }) => broker)]);
    return Array.from(names, (name) => {
      const places = [...(this.places.get(name)?.values() ?? [])];
      return { id: brokerId(name), name, kind: kinds.get(name), places };
    });
  }
}

const brokerId = (name: string): string => `broker/${name}`;
const handlerId = (handle: string): string => `handler/${handle}`;
const waitingId = (handler: string, broker: string): string => `waiting/${handler}@${broker}`;

function handlersOf({ handlers, waiting }: Topology): GraphHandler[] {
  const wired = handlers.map((one): GraphHandler => {
    const { id, handler: label, broker } = one;
    return { id: handlerId(id), label, broker, handle: id, notes: notesOf(one) };
  });
  const late = waiting.map(({ handler: label, broker }): GraphHandler => {
    return { id: waitingId(label, broker), label, broker, handle: undefined, notes: [] };
  });
  return [...wired, ...new Map(late.map((one) => [one.id, one])).values()];
}

function notesOf({ batch, concurrency, replies }: TopologyHandler): string[] {
  return [
    ...(batch === undefined ? [] : [`batches of ${String(batch.maxSize)}`]),
    ...(concurrency > 1 ? [`${String(concurrency)} at once`] : []),
    ...(replies === 'always' ? ['answers requests'] : []),
  ];
}
