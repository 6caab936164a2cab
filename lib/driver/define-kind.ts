import { errorAt, errorOf, type OptionNames, problemOf, unknownOptions } from '../errors/index.js';
import type { Destination, DestinationSpec, Source, SourceSpec } from './addressing.js';
import type { BrokerDefinition, BrokerOptions, SourceOptions } from './definition.js';
import type { Driver } from './driver.js';
import type { PublishedTo } from './kept-messages.js';
import { HANDLER_RULES, namesOf } from './option-rules.js';
import type { PlaceDescription, ServerDescription } from './topology.js';
import type { BrokerUse, Need } from './needs.js';

/** The definition of one broker of a kind, with the kind's own types. */
export interface KindDefinition<
  K extends string,
  Settings extends BrokerOptions,
  From extends SourceSpec,
  To extends DestinationSpec,
> extends BrokerDefinition<K> {
  readonly options: Settings;
  source(from: string | Source): From;
  destination(to: string | Destination): To;
}

/** The kind-specific parts of a {@link BrokerDefinition} whose broker is reached through a client package. */
export interface Kind<
  K extends string,
  Options extends Settings,
  Settings extends BrokerOptions,
  From extends SourceSpec,
  To extends DestinationSpec,
> {
  readonly kind: K;
  /** The options without the client's, which hold credentials: safe to print. */
  settings(options: Options): Settings;
  /** See `BrokerDefinition.problems`. */
  validate(options: Options): readonly string[];
  source(from: string | Source, settings: Settings): From;
  readonly sourceOptions: SourceOptions;
  /** See `BrokerDefinition.prefixed`. */
  prefixed(from: Source, prefix: string): Source;
  destination(to: string | Destination, settings: Settings): To;
  /** See `BrokerDefinition.clash`. */
  conflict(one: From, other: From): string | undefined;
  /** See `BrokerDefinition.feeds`. */
  feeds(to: To, source: From): boolean;
  /** See `BrokerDefinition.readBy`. */
  readBy(from: string | Source, reader: string, settings: Settings): From;
  /** See `BrokerDefinition.keptBy`. */
  keptBy(to: To, readers: readonly From[], settings: Settings): string | Source | undefined;
  /** See `BrokerDefinition.origin`. */
  origin(address: string, source: From): PublishedTo;
  /** See `BrokerDefinition.serverHeaders`. */
  readonly serverHeaders?: string;
  /** See `BrokerDefinition.describe`. */
  describe(options: Options): ServerDescription;
  /** See `BrokerDefinition.describeSource`. */
  describeSource(source: From, settings: Settings): PlaceDescription;
  /** See `BrokerDefinition.describeDestination`. */
  describeDestination(to: To, settings: Settings): PlaceDescription;
  /** See `BrokerDefinition.needs`. */
  needs(use: BrokerUse, options: Options): readonly Need[];
  /** Loads the client and creates a driver, which is not connected. */
  driver(options: Options): Promise<Driver>;
  /** Imports the twin, and returns its constructor function. Called once, at the first twin. */
  loadTwin(): Promise<(settings: Settings) => Driver>;
}

/**
 * Creates the function by which users define a broker of the kind. It keeps the full options in closures only, so that
 * neither printing a definition nor serializing it to JSON reveals their credentials.
 */
export function defineKind<
  K extends string,
  Options extends Settings,
  Settings extends BrokerOptions,
  From extends SourceSpec,
  To extends DestinationSpec,
>(kind: Kind<K, Options, Settings, From, To>): (options: Options) => KindDefinition<K, Settings, From, To> {
  // Node resolves an import at every call, which takes longer than creating the twin.
  let makeTwin: ReturnType<typeof kind.loadTwin> | undefined;
  return (options) => {
    const settings = kind.settings(options);
    const literal: Settings = { ...settings, addresses: undefined, prefix: undefined };
    // All tests of a file share one definition, so its options are checked once.
    let problems: readonly string[] | undefined;
    return {
      name: options.name,
      kind: kind.kind,
      options: settings,
      critical: options.critical,
      problems: () => (problems ??= kind.validate(options)),
      source: (from) => kind.source(from, settings),
      sourceOptions: kind.sourceOptions,
      prefixed: (from, prefix) => kind.prefixed(from, prefix),
      destination: (to) => kind.destination(to, settings),
      at: (address) => kind.destination(address, literal),
      clash: (one, other) => kind.conflict(one as From, other as From),
      feeds: (to, source) => kind.feeds(to as To, source as From),
      readBy: (from, reader) => kind.readBy(from, reader, settings),
      keptBy: (to, readers) => kind.keptBy(to as To, readers as readonly From[], settings),
      origin: (address, source) => kind.origin(address, source as From),
      serverHeaders: kind.serverHeaders,
      describe: () => kind.describe(options),
      describeSource: (source) => kind.describeSource(source as From, settings),
      describeDestination: (to) => kind.describeDestination(to as To, settings),
      needs: (use) => kind.needs(use, options),
      driver: () => kind.driver(options),
      twin: async () => (await (makeTwin ??= kind.loadTwin()))(settings),
    };
  };
}

/** The options without `client`, the options of the client package, which contain credentials. */
export function withoutClient<T extends { readonly client: unknown }>(options: T): Omit<T, 'client'> {
  const { client: _secret, ...settings } = options;
  return settings;
}

/** Loads an optional peer dependency. Rejects with MULTI_BROKER_CLIENT_MISSING where it is not installed. */
export async function loadPeer<T>(packageName: string, broker: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw errorOf('MULTI_BROKER_CLIENT_MISSING.package', { broker, package: packageName }, { cause });
  }
}

function isMissing(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown } | null)?.code;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

/** A CommonJS package as returned by `import()`: its exports are under `default` where Node could not detect them. */
export type CommonJsModule<T> = T & { readonly default?: T };

/** The exports of a CommonJS package. */
export const commonJsExports = <T>(module: CommonJsModule<T>): T => module.default ?? module;

/** Options common to the brokers of every kind. */
export const BROKER_OPTION_NAMES: OptionNames<BrokerOptions> = {
  name: true,
  addresses: true,
  critical: true,
  ...namesOf(HANDLER_RULES),
};

/**
 * Throws MULTI_BROKER_OPTION_INVALID for unknown options of a source or destination. `made` names the function that
 * accepts them; `own` lists fields that this function adds itself.
 */
export function refuseUnknown(
  given: object,
  made: string,
  names: Readonly<Record<string, true>>,
  own: readonly string[],
  broker: string,
): void {
  const options = Object.fromEntries(Object.entries(given).filter(([name]) => !own.includes(name)));
  const unknown = unknownOptions(options, names);
  if (unknown.length === 0) return;
  throw errorAt(made, problemOf('MULTI_BROKER_OPTION_INVALID.reported', { problem: unknown.join('; ') }), { broker });
}
