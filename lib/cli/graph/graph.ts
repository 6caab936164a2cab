import type { Topology, TopologyHandler, TopologyPlace } from '../../driver/index.js';

/** The graph of an application: what handlers read, write and park in. */
export interface Graph {
  readonly brokers: readonly GraphBroker[];
  readonly handlers: readonly GraphHandler[];
  readonly edges: readonly GraphEdge[];
}

/** A broker with its topics, subjects and streams. */
export interface GraphBroker {
  readonly name: string;
  /** Undefined for a broker that handlers name and that is not added yet. */
  readonly kind: string | undefined;
  readonly places: readonly GraphPlace[];
}

/** A topic, subject or stream. */
export interface GraphPlace {
  readonly id: string;
  /** In the words of its system: `topic incoming`. */
  readonly label: string;
}

/** One method, however many sources it reads. */
export interface GraphHandler {
  readonly id: string;
  readonly label: string;
  /** What is special of its calls: `batches of 100`. */
  readonly notes: readonly string[];
}

/** From one id to another. `feeds`: a stream captures the subject. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'reads' | 'publishes' | 'dead letter' | 'feeds' | 'waits';
  /** Such as the group of a reader. */
  readonly label?: string | undefined;
}

/** The graph of what an application is wired to. */
export function graphOf(topology: Topology): Graph {
  const places = new Places();
  const edges = [...topology.handlers.flatMap((handler) => edgesOf(handler, topology, places)), ...waits(topology)];
  const names = [...topology.brokers.map(({ name }) => name), ...places.brokers()];
  const kinds = new Map(topology.brokers.map(({ name, kind }) => [name, kind]));
  return {
    brokers: [...new Set([...names, ...topology.waiting.map(({ broker }) => broker)])].map((name) => {
      return { name, kind: kinds.get(name), places: places.of(name) };
    }),
    handlers: handlersOf(topology),
    edges: uniqueEdges(edges),
  };
}

/** The places of all brokers; two brokers may have one name each for theirs. */
class Places {
  private readonly all = new Map<string, Map<string, GraphPlace>>();

  idOf(broker: string, label: string): string {
    const places = this.all.get(broker) ?? new Map<string, GraphPlace>();
    this.all.set(broker, places);
    const place = places.get(label) ?? { id: `${broker}/${label}`, label };
    places.set(label, place);
    return place.id;
  }

  brokers(): readonly string[] {
    return [...this.all.keys()];
  }

  of(broker: string): readonly GraphPlace[] {
    return [...(this.all.get(broker)?.values() ?? [])];
  }
}

function edgesOf(handler: TopologyHandler, topology: Topology, places: Places): GraphEdge[] {
  const { source, publishTo, deadLetter } = handler;
  const id = handlerId(handler.handler);
  const reads = { from: sourceId(handler, places), to: id, kind: 'reads', label: source.sharedBy } as const;
  const written = publishTo.map((to) => ({
    ...to,
    kind: 'publishes' as const,
    label: to.conditional ? 'when' : undefined,
  }));
  const parked = deadLetter ? [{ ...deadLetter, kind: 'dead letter' as const, label: undefined }] : [];
  const targets = [...written, ...parked].flatMap(({ broker: on, destination, kind, label }) => {
    const to = places.idOf(on, destination.name);
    return [{ from: id, to, kind, label }, ...feeds(to, on, destination.readBy, topology, places)];
  });
  return [reads, ...targets];
}

/** Where a subject and the stream that handlers read it from have different names. */
function feeds(
  to: string,
  broker: string,
  readBy: readonly string[],
  { handlers }: Topology,
  places: Places,
): GraphEdge[] {
  const readers = handlers.filter((handler) => handler.broker === broker && readBy.includes(handler.id));
  const sources = new Set(readers.map((reader) => sourceId(reader, places)));
  return [...sources].filter((source) => source !== to).map((source) => ({ from: to, to: source, kind: 'feeds' }));
}

const sourceId = ({ broker, source }: TopologyHandler, places: Places): string =>
  places.idOf(broker, labelOf(source, source.sharedBy));

/** The name without the group, queue or durable, which is told at the edge. */
function labelOf({ name }: TopologyPlace, sharedBy: string | undefined): string {
  return sharedBy === undefined ? name : name.replace(` (${sharedBy})`, '');
}

const handlerId = (handler: string): string => `handler/${handler}`;

function handlersOf({ handlers, waiting }: Topology): GraphHandler[] {
  const found = new Map<string, GraphHandler>();
  for (const one of handlers) {
    const id = handlerId(one.handler);
    const notes = new Set([...(found.get(id)?.notes ?? []), ...notesOf(one)]);
    found.set(id, { id, label: one.handler, notes: [...notes] });
  }
  for (const { handler } of waiting) {
    const id = handlerId(handler);
    if (!found.has(id)) found.set(id, { id, label: handler, notes: [] });
  }
  return [...found.values()];
}

function notesOf({ batch, concurrency, replies }: TopologyHandler): string[] {
  return [
    ...(batch === undefined ? [] : [`batches of ${String(batch.maxSize)}`]),
    ...(concurrency > 1 ? [`${String(concurrency)} at once`] : []),
    ...(replies === 'always' ? ['answers requests'] : []),
  ];
}

function waits({ waiting }: Topology): GraphEdge[] {
  return waiting.map(({ handler, broker }) => ({ from: `broker/${broker}`, to: handlerId(handler), kind: 'waits' }));
}

function uniqueEdges(edges: readonly GraphEdge[]): GraphEdge[] {
  return [
    ...new Map(edges.map((edge) => [JSON.stringify([edge.from, edge.to, edge.kind, edge.label]), edge])).values(),
  ];
}
