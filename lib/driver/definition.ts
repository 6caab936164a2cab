import type { Destination, DestinationSpec, Source, SourceSpec } from './addressing.js';
import type { Driver } from './driver.js';
import type { HandlerOptions } from './handler-options.js';
import type { PublishedTo } from './kept-messages.js';
import type { PlaceDescription, ServerDescription } from './topology.js';
import type { BrokerUse, Need } from './needs.js';

/** Options common to the brokers of every kind. */
export interface BrokerOptions extends HandlerOptions {
  /** The name used in decorators and injection tokens. */
  readonly name: string;
  /** Maps names in decorators to those on the server: `{ incoming: config.topic }`. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** `false`: the application starts even if the broker is down, and keeps trying to connect it. Default `true`. */
  readonly critical?: boolean;
}

/** See `BrokerDefinition.sourceOptions`. */
export interface SourceOptions {
  readonly names: readonly string[];
  of(name: string): Source;
}

/**
 * A named broker as the user configured it. Creating one neither connects nor loads a client, and nor do its functions,
 * except `driver()` and `twin()`.
 */
export interface BrokerDefinition<K extends string = string> {
  readonly name: string;
  readonly kind: K;
  readonly options: BrokerOptions;
  /** See {@link BrokerOptions.critical}. */
  readonly critical?: boolean | undefined;
  /**
   * Problems of the options, each a sentence that names the option; empty when there are none. Called once, before
   * anything connects.
   */
  problems(): readonly string[];
  /** Resolves the source of a decorator. Throws a MultiBrokerError if it is invalid. */
  source(from: string | Source): SourceSpec;
  /**
   * Names of source options that may be given among the handler's options, and the source that a plain string stands for.
   * Without them, sources are created by the kind's own functions only.
   */
  readonly sourceOptions?: SourceOptions;
  /**
   * A source whose names begin with a class's `@Handlers({ prefix })`. Without it, a prefixed class accepts only plain
   * strings of this kind.
   */
  prefixed?(from: Source, prefix: string): Source;
  /** Resolves a destination. Throws a MultiBrokerError if it is invalid. */
  destination(to: string | Destination): DestinationSpec;
  /** The destination at an address of the server, such as a reply's: neither mapped nor prefixed. Default: the same. */
  at?(address: string): DestinationSpec;
  /** The reason why two sources of this broker would take messages from each other; undefined if they would not. */
  clash(one: SourceSpec, other: SourceSpec): string | undefined;
  /**
   * Whether a message that is written to the destination is read from the source, as far as that is known before a
   * connection. Absent: if they have one address.
   */
  feeds?(to: DestinationSpec, source: SourceSpec): boolean;
  /**
   * The source as `reader` reads it, which is the name of its group or durable, for {@link Driver.kept}. Throws a
   * MultiBrokerError if it cannot be read so.
   */
  readBy?(from: string | Source, reader: string): SourceSpec;
  /**
   * The source that keeps the messages of a destination, as `MultiBroker.deadLetters()` takes it; `readers` are sources
   * of the application that read them. Undefined: nothing keeps them, or what does is not known without a server.
   */
  keptBy?(to: DestinationSpec, readers: readonly SourceSpec[]): string | Source | undefined;
  /** Where a message of this address, which the source has read, was published. */
  origin?(address: string, source: SourceSpec): PublishedTo;
  /**
   * How the names of headers begin, in lower case, that the server sets or acts on: such headers of its messages are neither
   * forwarded nor kept in a dead letter. Absent: there are none.
   */
  readonly serverHeaders?: string | undefined;
  /** Where it connects to, for documents; without a secret. */
  describe?(): ServerDescription;
  /** A source in documents. */
  describeSource?(source: SourceSpec): PlaceDescription;
  /** A destination in documents. */
  describeDestination?(to: DestinationSpec): PlaceDescription;
  /** What its server has to have and to permit for what an application uses. Absent: it is not known. */
  needs?(use: BrokerUse): readonly Need[];
  /** Loads the client and creates a new driver, which is not connected. */
  driver(): Promise<Driver>;
  /** Creates a new in-memory twin of the driver. */
  twin(): Promise<Driver>;
}
