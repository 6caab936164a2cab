import type { BrokerDefinition, DeadLetterPlace, Source, Topology, TopologyDeadLetter } from '../../../driver/index.js';

/** Where dead letters of this application are, as the page names it. */
export interface LetterPlace {
  /** Names it in requests of the page, after a deployment too: nothing else can be read. */
  readonly id: string;
  readonly broker: string;
  /** What is read and redriven there: a topic, or a stream with its filter. */
  readonly label: string;
  /** Undefined: they cannot be read; `why` says it. */
  readonly from: DeadLetterPlace | undefined;
  readonly why: string | undefined;
}

/** What finds the broker of a place. */
type Definitions = (broker: string) => Pick<BrokerDefinition, 'keptBy' | 'source'> | undefined;

/** Each place where a handler parks messages, and those that the application names. */
export function letterPlacesOf(
  topology: Topology,
  named: readonly DeadLetterPlace[],
  definitions: Definitions,
): readonly LetterPlace[] {
  const found = new Map<string, Omit<LetterPlace, 'id'>>();
  for (const from of named) {
    const label = labelOf(from, definitions);
    found.set(`${from.broker}\n${label}`, { broker: from.broker, label, from, why: undefined });
  }
  for (const { deadLetter } of topology.handlers) {
    if (deadLetter === undefined) continue;
    const place = placeOf(deadLetter, topology, definitions);
    const key = `${place.broker}\n${place.label}`;
    if (!found.has(key)) found.set(key, place);
  }
  return [...found].map(([id, place]) => ({ id, ...place }));
}

/** What is read, as people know it: two sources with one label hold the same letters. */
function labelOf({ broker, source }: DeadLetterPlace, definitions: Definitions): string {
  if (typeof source === 'string') return source;
  const { topic, stream, filter } = source as Source & Readonly<Record<'topic' | 'stream' | 'filter', unknown>>;
  if (typeof stream === 'string')
    return typeof filter === 'string' ? `stream ${stream} (${filter})` : `stream ${stream}`;
  return typeof topic === 'string' ? topic : (definitions(broker)?.source(source).address ?? source.kind);
}

function placeOf(
  { broker, destination, ofEach }: TopologyDeadLetter,
  topology: Topology,
  definitions: Definitions,
): Omit<LetterPlace, 'id'> {
  const { address, spec, readBy } = destination;
  const readers = topology.handlers.filter(({ id }) => readBy.includes(id)).map(({ source }) => source.spec);
  const source = spec && definitions(broker)?.keptBy?.(spec, readers);
  if (source !== undefined) {
    const from = { broker, source };
    return { broker, label: labelOf(from, definitions), from, why: undefined };
  }
  const why = ofEach
    ? 'Each topic or subject has a place of its own: name those to show in the option deadLetters.'
    : 'What keeps these messages is not known: name it in the option deadLetters of AsyncApi.setup().';
  return { broker, label: address, from: undefined, why };
}
