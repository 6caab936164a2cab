import { type Binding, type DeadLetterTarget, handlersOf, type LetterOfEach, type Route } from '../delivery/index.js';
import type {
  BrokerDefinition,
  Destination,
  DestinationSpec,
  PlaceDescription,
  PayloadShape,
  SourceSpec,
  Topology,
  TopologyBroker,
  TopologyDeadLetter,
  TopologyDestination,
  TopologyHandler,
  TopologyPublisher,
  TopologySource,
  WaitingHandler,
} from '../driver/index.js';

/** What a topology is built of. */
export interface WiredApplication {
  /** In the order of definition. */
  readonly definitions: ReadonlyMap<string, BrokerDefinition>;
  /** One for each source; of those that several handlers share, one for all. */
  readonly claims: readonly Binding[];
  readonly waiting: readonly WaitingHandler[];
  /** The id of the handle of a binding. */
  idOf(binding: Binding): string;
}

/** Describes an application that is wired, and connects nothing. */
export function topologyOf(application: WiredApplication): Topology {
  const builder = new TopologyBuilder(application);
  return {
    brokers: [...application.definitions.values()].map(brokerOf),
    handlers: builder.bindings.map((binding) => builder.handler(binding)),
    waiting: application.waiting,
  };
}

function brokerOf(definition: BrokerDefinition): TopologyBroker {
  const { name, kind, critical = true } = definition;
  return { name, kind, critical, server: definition.describe?.() };
}

const NOTHING: PayloadShape = {};
const NO_DESCRIPTION: PlaceDescription = {};

/** As users write it in a dead letter. */
const SOURCE = '{source}';
/** A topic or subject that no example and no name has. */
const STAND_IN = 'SOURCE-OF-EACH';

class TopologyBuilder {
  readonly bindings: readonly Binding[];
  /** The classes that have a method of this name. */
  private readonly types = new Map<string, Set<unknown>>();

  constructor(private readonly application: WiredApplication) {
    this.bindings = application.claims.flatMap(handlersOf).filter(({ method }) => method !== undefined);
  }

  handler(binding: Binding): TopologyHandler {
    const { handler, broker, source, sideBySide, ack, deadLetter, routes } = binding;
    const shape = binding.shape?.();
    return {
      id: this.application.idOf(binding),
      handler,
      method: this.methodOf(binding),
      broker,
      source: this.source(broker, source),
      payload: shape?.payload ?? NOTHING,
      returns: shape?.returns,
      publishTo: routes.map((route, place) => this.publisher(route, shape?.results[place])),
      deadLetter: deadLetter && this.deadLetter(deadLetter, source),
      batch: batchOf(binding),
      concurrency: sideBySide?.perLane ?? 1,
      ack,
      filtered: shape?.filtered ?? false,
      replies: repliesOf(binding),
    };
  }

  /** Class names are not unique. */
  private methodOf({ handler, method }: Binding): string {
    const types = this.types.get(handler) ?? new Set();
    this.types.set(handler, types.add(method?.type));
    const number = [...types].indexOf(method?.type) + 1;
    return number === 1 ? handler : `${handler}#${String(number)}`;
  }

  private source(broker: string, spec: SourceSpec): TopologySource {
    const { address, name, kind, durable, sharedBy, paramNames } = spec;
    const description = this.definition(broker)?.describeSource?.(spec) ?? NO_DESCRIPTION;
    return { address, name, kind, durable, sharedBy, paramNames, description, spec };
  }

  private publisher(
    { broker, destination, bestEffort = false }: Route,
    shape: { readonly payload: PayloadShape; readonly conditional: boolean } | undefined,
  ): TopologyPublisher {
    const { payload = NOTHING, conditional = false } = shape ?? {};
    const target = { broker, to: destination, destination: this.destination(broker, destination) };
    return { ...target, payload, bestEffort, conditional };
  }

  private deadLetter({ broker, destination, ofEach }: DeadLetterTarget, source: SourceSpec): TopologyDeadLetter {
    if (ofEach === undefined) return { broker, destination: this.destination(broker, destination), ofEach: false };
    return { broker, destination: this.destinationOfEach(broker, destination, ofEach, source), ofEach: true };
  }

  /**
   * Where each message has a place of its own, `{source}` stands for its topic or subject: as a placeholder if that makes a
   * path of the kind, else as a text in the name of something else, which is no place and needs nothing of a server.
   */
  private destinationOfEach(
    broker: string,
    example: string | Destination,
    ofEach: LetterOfEach,
    { addresses }: SourceSpec,
  ): TopologyDestination {
    const at = (text: string) => ofEach.destination(`${addresses?.prefix ?? ''}${text}`);
    const path = this.ifValid(broker, at(SOURCE));
    if (path !== undefined) return path;
    const one = this.ifValid(broker, at(STAND_IN));
    return one === undefined ? named(this.destination(broker, example), ofEach.example) : named(one, STAND_IN);
  }

  private ifValid(broker: string, to: string | Destination): TopologyDestination | undefined {
    try {
      return this.destination(broker, to);
    } catch {
      return undefined;
    }
  }

  private destination(broker: string, to: string | Destination): TopologyDestination {
    const definition = this.definition(broker);
    if (definition === undefined) return unresolved(to);
    const spec = definition.destination(to);
    const { address, name, kind, placeholders } = spec;
    const description = definition.describeDestination?.(spec) ?? NO_DESCRIPTION;
    return { address, name, kind, placeholders, description, readBy: this.readersOf(definition, spec), spec };
  }

  /** A path is read by whoever may read one of its addresses: a kind compares what is filled with any text. */
  private readersOf(definition: BrokerDefinition, to: DestinationSpec): string[] {
    const params = Object.fromEntries((to.placeholders ?? []).map((name) => [name, 'any']));
    const one = to.fill?.(params) ?? to;
    return this.bindings
      .filter(({ broker, source }) => {
        if (broker !== definition.name) return false;
        return definition.feeds?.(one, source) ?? one.address === source.address;
      })
      .map((binding) => this.application.idOf(binding));
  }

  private definition(name: string): BrokerDefinition | undefined {
    return this.application.definitions.get(name);
  }
}

/** With `{source}` in place of a text that stood for it. */
function named(one: TopologyDestination, text: string): TopologyDestination {
  const [address, name] = [one.address.replace(text, SOURCE), one.name.replace(text, SOURCE)];
  return { ...one, address, name, placeholders: ['source'], description: NO_DESCRIPTION, spec: undefined };
}

/** Of a broker that is not added yet: as it is written. */
function unresolved(to: string | Destination): TopologyDestination {
  const address = typeof to === 'string' ? to : to.kind;
  const kind = typeof to === 'string' ? 'unknown' : to.kind;
  return {
    address,
    name: address,
    kind,
    placeholders: undefined,
    description: NO_DESCRIPTION,
    spec: undefined,
    readBy: [],
  };
}

function batchOf({ batch }: Binding): TopologyHandler['batch'] {
  if (batch === undefined) return undefined;
  const { maxSize, maxWaitMs, maxBytes } = batch;
  return { maxSize, maxWaitMs, ...(maxBytes !== undefined && { maxBytes }) };
}

/** A server that keeps messages brings no requests, unless the codec has a format for them. */
function repliesOf({ reply, replies, source, batch }: Binding): TopologyHandler['replies'] {
  if (reply === false || batch !== undefined || (source.durable && replies === undefined)) return 'never';
  return reply === true ? 'always' : 'result';
}
