import type { Driver } from './driver.js';
import type { HandlerOptions } from './handler-options.js';

/**
 * Sources and destinations of each kind of broker, for typed decorators. A third party joins by augmentation:
 * `declare module 'nestjs-multi-broker/driver' { interface BrokerKinds { redis: { source: …; destination: … } } }`.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface BrokerKinds {}

/** What `topic()`, `subject()`, `stream()` return. */
export interface Source {
  readonly kind: string;
}

/** What a kind's own destination function, such as `toStream()`, returns. */
export interface Destination {
  readonly kind: string;
}

/** Sources that a broker of kind K takes. */
export type SourceOf<K extends string> = string | (K extends keyof BrokerKinds ? KindSource<BrokerKinds[K]> : Source);

/** Destinations that a broker of kind K takes. */
export type DestinationOf<K extends string> =
  string | (K extends keyof BrokerKinds ? KindDestination<BrokerKinds[K]> : Destination);

type KindSource<T> = T extends { source: infer S } ? S : never;
type KindDestination<T> = T extends { destination: infer D } ? D : never;

/**
 * Options of a source that may stand among the handler's: those that the kind names as `settings` in
 * {@link BrokerKinds}; by the name of a broker, those of all kinds.
 */
export type SettingsOf<K extends string> = K extends keyof BrokerKinds
  ? [KindSettings<BrokerKinds[K]>] extends [never]
    ? unknown
    : KindSettings<BrokerKinds[K]>
  : AllOf<KindSettings<BrokerKinds[keyof BrokerKinds]>>;

type KindSettings<T> = T extends { settings: infer S } ? S : never;
type AllOf<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer A) => void ? A : never;

/** A source, resolved for one broker: addresses mapped, defaults filled in. Kinds extend it by fields of their own. */
export interface SourceSpec {
  readonly kind: string;
  /** For logs and errors, in the field's terms: `topic incoming (group bridge)`. */
  readonly name: string;
  /** What `context.source` says: topic, subject or stream, as it is on the server. */
  readonly address: string;
  /** Whether the server keeps messages for it while nobody reads. What keeps nothing is subscribed first. */
  readonly durable: boolean;
  /** How replicas share its messages, for the log: `group bridge`. Left out, each gets all of them. */
  readonly sharedBy?: string | undefined;
}

/** A destination, resolved for one broker. Kinds extend it by fields of their own. */
export interface DestinationSpec {
  readonly kind: string;
  /** For logs and errors: `subject outgoing`. */
  readonly name: string;
  /**
   * Topic, subject or queue, as it is on the server. Publishes to one address are coalesced, at most one call of the
   * driver under way for each.
   */
  readonly address: string;
  /** What leaves together instead, where the address alone does not say it. */
  readonly batchKey?: string | undefined;
  /** Whether it takes a second message of the same dedupe id for the first. */
  readonly dedupes: boolean;
}

/** Options that the definition of every kind has. */
export interface BrokerOptions extends HandlerOptions {
  /** The name in decorators and tokens. */
  readonly name: string;
  /** Maps the names in decorators to those on the server: `{ incoming: config.topic }`. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** `false`: the application starts without it, and it comes later by itself. Default `true`. */
  readonly critical?: boolean;
}

/** See `BrokerDefinition.sourceOptions`. */
export interface SourceOptions {
  readonly names: readonly string[];
  of(name: string): Source;
}

/**
 * A named broker as the user wrote it. Making one dials nothing and loads no client; so do all of its functions but
 * `driver()` and `twin()`.
 */
export interface BrokerDefinition<K extends string = string> {
  readonly name: string;
  readonly kind: K;
  readonly options: BrokerOptions;
  /** As in the options. */
  readonly critical?: boolean | undefined;
  /**
   * What is wrong with the options, each a sentence that names the option; empty when all is well.
   * Asked once, before anything connects.
   */
  problems(): readonly string[];
  /** Resolves what a decorator names. Throws a MultiBrokerError that says what is wrong. */
  source(from: string | Source): SourceSpec;
  /**
   * Options of sources that may stand among the handler's, by name, and what a plain string means. A kind that leaves
   * them out has its sources made by its own functions alone.
   */
  readonly sourceOptions?: SourceOptions;
  /** Resolves where a message goes. Throws a MultiBrokerError that says what is wrong. */
  destination(to: string | Destination): DestinationSpec;
  /** Why two sources of this broker would take each other's messages, or undefined. */
  clash(one: SourceSpec, other: SourceSpec): string | undefined;
  /** Loads the client and makes the driver; it does not dial. Each call makes a new one. */
  driver(): Promise<Driver>;
  /** Makes the in-memory twin of the driver. Each call makes a new one. */
  twin(): Promise<Driver>;
}
