import type { Destination, DestinationSpec, SourceSpec } from './addressing.js';
import type { AckPolicy, BatchOptions, StandardSchema } from './handler-options.js';

/**
 * What an application is wired to, for documents and pictures. It is plain data without a secret, except for what it is made
 * of: the `spec` of a place, with what its kind adds, and the schema and class of a payload. What is to be JSON leaves those out.
 */
export interface Topology {
  /** In the order of definition. */
  readonly brokers: readonly TopologyBroker[];
  /** One for each `@Subscribe` of a method, in the order of `MultiBroker.handlers`. */
  readonly handlers: readonly TopologyHandler[];
  /** Handlers of brokers that are not added yet: only with `allowLateBrokers`. */
  readonly waiting: readonly WaitingHandler[];
}

/** One broker of a {@link Topology}. */
export interface TopologyBroker {
  readonly name: string;
  readonly kind: string;
  /** False: the application starts without it. */
  readonly critical: boolean;
  /** Undefined for kinds that do not tell it. */
  readonly server: ServerDescription | undefined;
}

/** Where a broker connects to, and how. Never holds a user's name, a password or a key. */
export interface ServerDescription {
  /** As AsyncAPI names it: `kafka`, `kafka-secure`, `nats`. */
  readonly protocol: string;
  /** Whether the connection is encrypted. */
  readonly tls: boolean;
  /** `host:port`; empty where they are known only once it connects. */
  readonly hosts: readonly string[];
  /** How the application proves who it is; empty: it does not. */
  readonly security: readonly SecurityMethod[];
}

/** A way by which a broker proves who it is. */
export type SecurityMethod =
  'plain' | 'scramSha256' | 'scramSha512' | 'oauthBearer' | 'userPassword' | 'token' | 'x509' | 'custom';

/** A handler whose broker is not added yet. */
export interface WaitingHandler {
  readonly handler: string;
  readonly broker: string;
}

/** One handler of a {@link Topology}. */
export interface TopologyHandler {
  /** The `id` of its `HandlerHandle`: `Class.method@broker/address`. */
  readonly id: string;
  /** `Class.method`. */
  readonly handler: string;
  /** The same, numbered where another class of that name has the method, too: `Class.method#2`. */
  readonly method: string;
  readonly broker: string;
  readonly source: TopologySource;
  readonly payload: PayloadShape;
  /**
   * What the method returns, as far as its declared type says; undefined where it says nothing: of `void`, a promise or an
   * observable.
   */
  readonly returns: PayloadShape | undefined;
  /** Closest to the method first. */
  readonly publishTo: readonly TopologyPublisher[];
  readonly deadLetter: TopologyDeadLetter | undefined;
  readonly batch: BatchOptions | undefined;
  /** Calls at once on each lane. */
  readonly concurrency: number;
  readonly ack: AckPolicy;
  /** Whether it takes only some of the messages of its source. */
  readonly filtered: boolean;
  /**
   * Whether it answers requests: `result` with what it returns, if anything; `always` also without a result. `never` too
   * where its source brings no requests.
   */
  readonly replies: 'never' | 'result' | 'always';
}

/** What a handler reads. */
export interface TopologySource extends TopologyPlace {
  readonly durable: boolean;
  /** How replicas share its messages; undefined: each replica gets all of them. */
  readonly sharedBy: string | undefined;
  readonly paramNames: readonly string[] | undefined;
  readonly spec: SourceSpec;
}

/** A topic, subject or stream of a {@link Topology}. */
export interface TopologyPlace {
  /** On the server; of a stream its name. */
  readonly address: string;
  /** In the words of its system: `topic incoming (group bridge)`. */
  readonly name: string;
  readonly kind: string;
  readonly description: PlaceDescription;
}

/**
 * What documents tell of a topic, subject or stream. `bindings` are those of AsyncAPI, by protocol; `extensions` what they
 * have no word for. Plain JSON without a secret.
 */
export interface PlaceDescription {
  /**
   * Topics or subjects of its messages, with placeholders in braces; empty where only the server knows. Default: its
   * address.
   */
  readonly addresses?: readonly string[];
  /** Of the channel: partitions of a topic. */
  readonly channel?: Readonly<Record<string, object>>;
  /** Of reading from it, or writing to it: a group. */
  readonly operation?: Readonly<Record<string, object>>;
  /** Of reading from it, or writing to it. */
  readonly extensions?: Readonly<Record<`x-${string}`, unknown>>;
  /** Of the channel, whoever reads it or writes to it. */
  readonly channelExtensions?: Readonly<Record<`x-${string}`, unknown>>;
}

/** What is known of payloads: nothing, a schema, or a class. */
export interface PayloadShape {
  readonly schema?: StandardSchema | undefined;
  /** The class of the method's parameter or result, as TypeScript emits it (`emitDecoratorMetadata`). */
  readonly type?: unknown;
}

/** What a handler publishes to. */
export interface TopologyTarget {
  readonly broker: string;
  readonly destination: TopologyDestination;
}

/** A destination of a {@link Topology}. */
export interface TopologyDestination extends TopologyPlace {
  /** Names of the placeholders of a path, which each message fills. */
  readonly placeholders: readonly string[] | undefined;
  /** Undefined where the broker is not added yet, and of a dead letter's name that `{source}` is only a part of. */
  readonly spec: DestinationSpec | undefined;
  /** Ids of the handlers that read its messages, as far as that is known without a server. */
  readonly readBy: readonly string[];
}

/** One `@PublishTo`. */
export interface TopologyPublisher extends TopologyTarget {
  /** The destination as the code names it, and as `Broker.publish()` takes it. */
  readonly to: string | Destination;
  readonly payload: PayloadShape;
  readonly bestEffort: boolean;
  /** Whether `when` decides which results are published. */
  readonly conditional: boolean;
}

/** Where a handler parks messages. */
export interface TopologyDeadLetter extends TopologyTarget {
  /** The destination depends on the topic or subject of each message. */
  readonly ofEach: boolean;
}
