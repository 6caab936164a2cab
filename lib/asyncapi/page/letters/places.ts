import type { BrokerDefinition, DeadLetterPlace, Source, Topology, TopologyDeadLetter } from '../../../driver/index.js';

/** Where dead letters of this application are, as the page names it. */
export interface LetterPlace {
  /** Names it in requests of the page: nothing else can be read. */
  readonly id: string;
  readonly broker: string;
  readonly label: string;
  /** Undefined: they cannot be read; `why` says it. */
  readonly from: DeadLetterPlace | undefined;
  readonly why: string | undefined;
}

/** What finds the broker of a place. */
type Definitions = (broker: string) => Pick<BrokerDefinition, 'kind' | 'keptBy'> | undefined;

/** Each place where a handler parks messages, and those that the application names. */
export function letterPlacesOf(
  topology: Topology,
  named: readonly DeadLetterPlace[],
  definitions: Definitions,
): readonly LetterPlace[] {
  const found = new Map<string, Omit<LetterPlace, 'id'>>();
  for (const from of named) {
    const label = typeof from.source === 'string' ? from.source : labelOf(from.source);
    found.set(`${from.broker}\n${label}`, { broker: from.broker, label, from, why: undefined });
  }
  for (const { deadLetter } of topology.handlers) {
    if (deadLetter === undefined) continue;
    const place = placeOf(deadLetter, topology, definitions);
    const key = `${place.broker}\n${place.label}`;
    if (!found.has(key)) found.set(key, place);
  }
  return [...found.values()].map((place, at) => ({ id: String(at), ...place }));
}

/** A source as people know it: the name of its topic or stream. */
function labelOf(source: Source): string {
  const { topic, stream } = source as { readonly topic?: unknown; readonly stream?: unknown };
  if (typeof stream === 'string') return `stream ${stream}`;
  return typeof topic === 'string' ? topic : source.kind;
}

function placeOf(
  { broker, destination, ofEach }: TopologyDeadLetter,
  topology: Topology,
  definitions: Definitions,
): Omit<LetterPlace, 'id'> {
  const { address: label, spec, readBy } = destination;
  const readers = topology.handlers.filter(({ id }) => readBy.includes(id)).map(({ source }) => source.spec);
  const source = spec && definitions(broker)?.keptBy?.(spec, readers);
  if (source !== undefined) return { broker, label, from: { broker, source }, why: undefined };
  const why = ofEach
    ? 'Each topic or subject has a place of its own: name those to show in the option deadLetters.'
    : 'What keeps these messages is not known: name it in the option deadLetters of AsyncApi.setup().';
  return { broker, label, from: undefined, why };
}
