import { isMissing, missing } from '../errors/index.js';

/**
 * Sources and destinations of each kind of broker, for typed decorators. A third party joins by augmentation:
 * `declare module 'nestjs-multi-broker/driver' { interface BrokerKinds { redis: { source: …; destination: … } } }`.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface BrokerKinds {}

/** Result of a source function such as `topic()`, `subject()` or `stream()`. */
export interface Source {
  readonly kind: string;
}

/** Result of a kind's destination function, such as `toStream()`. */
export interface Destination {
  readonly kind: string;
}

/** Sources that a broker of kind K accepts. */
export type SourceOf<K extends string> = string | (K extends keyof BrokerKinds ? KindSource<BrokerKinds[K]> : Source);

/** Destinations that a broker of kind K accepts. */
export type DestinationOf<K extends string> =
  string | (K extends keyof BrokerKinds ? KindDestination<BrokerKinds[K]> : Destination);

type KindSource<T> = T extends { source: infer S } ? S : never;
type KindDestination<T> = T extends { destination: infer D } ? D : never;

/**
 * Source options that may be given among the handler's options: those that the kind declares as `settings` in
 * {@link BrokerKinds}. Where only the broker's name is known, those of all kinds.
 */
export type SettingsOf<K extends string> = K extends keyof BrokerKinds
  ? [KindSettings<BrokerKinds[K]>] extends [never]
    ? unknown
    : KindSettings<BrokerKinds[K]>
  : AllOf<KindSettings<BrokerKinds[keyof BrokerKinds]>>;

type KindSettings<T> = T extends { settings: infer S } ? S : never;
type AllOf<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer A) => void ? A : never;

/** A source, resolved for one broker: addresses mapped, defaults filled in. Kinds add fields of their own. */
export interface SourceSpec {
  readonly kind: string;
  /** For logs and errors, in the system's own terms: `topic incoming (group bridge)`. */
  readonly name: string;
  /** Topic, subject or stream on the server, as shown by `context.source`. */
  readonly address: string;
  /** The address without the broker's prefix, where it has one. */
  readonly bareAddress?: string | undefined;
  /** Of a source that reads several topics or subjects; undefined where `bareAddress` or `address` is the only one. */
  readonly addresses?: SeveralAddresses | undefined;
  /** The names of its params; undefined where the kind does not tell them. */
  readonly paramNames?: readonly string[] | undefined;
  /** Whether the server keeps its messages while there is no reader. Non-durable sources are subscribed first. */
  readonly durable: boolean;
  /** How replicas share its messages, for the log: `group bridge`. Undefined: each replica gets all of them. */
  readonly sharedBy?: string | undefined;
}

/** The topics or subjects that one source reads by a pattern. */
export interface SeveralAddresses {
  /** One that it may read, without the broker's prefix: what is made of it can be checked before a message has come. */
  readonly example: string;
  /** The prefix of the broker; empty for none. */
  readonly prefix: string;
}

/** A destination, resolved for one broker. Kinds add fields of their own. */
export interface DestinationSpec {
  readonly kind: string;
  /** For logs and errors: `subject outgoing`. */
  readonly name: string;
  /**
   * Topic, subject or queue on the server. Publishes to one address are batched, with at most one call of the driver
   * in flight per address.
   */
  readonly address: string;
  /** Of a path with placeholders: their names. It is written to only once it is filled. */
  readonly placeholders?: readonly string[] | undefined;
  /** The destination of one message of such a path. Throws MULTI_BROKER_ADDRESS_INVALID. */
  readonly fill?: ((params: Readonly<Record<string, string>>) => DestinationSpec) | undefined;
  /** The path that the address was filled from: one name for all of them, as metrics need it. */
  readonly template?: string | undefined;
  /** Key by which publishes are batched instead of the address. */
  readonly batchKey?: string | undefined;
  /** Whether a second message with the same dedupe id is dropped as a duplicate. */
  readonly dedupes: boolean;
  /** `false`: nobody keeps the messages, and those that no reader hears are lost. Default: they are stored. */
  readonly stored?: boolean | undefined;
}

/** The option `addresses`: names in decorators, mapped to those on the server. */
export type Addresses = Readonly<Record<string, string>> | undefined;

/** Problems of the option `addresses`: an alias without a value would silently be used as the address itself. */
export function addressProblems(addresses: Addresses): string[] {
  const unset = Object.entries(addresses ?? {}).filter(([, to]) => isMissing(to));
  return unset.map(([name, to]) => missing(`addresses.${name}`, to, 'unset'));
}

/** The option `prefix` of a kind that offers it: it begins every address of the broker, to read and to write. */
export interface PrefixOption {
  /** Begins the name of every topic, subject and stream, also of those that `addresses` maps. Default: none. */
  readonly prefix?: string;
}

/** The name on the server: the alias resolved, or the name itself where it is not an alias, behind the prefix. */
export function addressOf(name: string, addresses: Addresses, prefix = ''): string {
  const mapped = addresses !== undefined && Object.hasOwn(addresses, name) ? (addresses[name] ?? name) : name;
  return `${prefix}${mapped}`;
}

/** A {@link SourceSpec.bareAddress}: undefined without a prefix. */
export function bareOf(address: string, prefix = ''): string | undefined {
  return prefix === '' ? undefined : address.slice(prefix.length);
}
