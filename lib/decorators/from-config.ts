const FROM_CONFIG = Symbol.for('nestjs-multi-broker:from-config');

/** What injects: a class, or the string or symbol of a provider. */
export type ConfigToken<I> = string | symbol | (abstract new (...args: never[]) => I);

/** A value of a decorator that is read when the application is up; made by {@link fromConfig}. */
export interface FromConfig<T> {
  readonly [FROM_CONFIG]: true;
  readonly token: ConfigToken<unknown>;
  readonly read: (injected: never) => T;
}

/** Options of which each may be read from the container. */
export type Configurable<T> = { readonly [K in keyof T]: T[K] | FromConfig<T[K]> };

/**
 * A source, a destination, options, or one of them, as a function of what is injected: decorators are evaluated before
 * there is any configuration. It is called once, before the wiring is checked.
 *
 * @param token a class, or the token of a provider that lives as long as the application
 * @param read gives the value itself, no promise of it
 * @example `@Subscribe('orders', 'incoming', fromConfig(ConfigService, (config) => ({ groupId: config.get('GROUP') })))`
 * @example `@Subscribe('orders', 'incoming', { enabled: fromConfig('FEATURES', (features: Features) => features.orders) })`
 */
export function fromConfig<I, T>(token: ConfigToken<I>, read: (injected: I) => T): FromConfig<T> {
  return { [FROM_CONFIG]: true, token, read };
}

export function isFromConfig(value: unknown): value is FromConfig<unknown> {
  return typeof value === 'object' && value !== null && FROM_CONFIG in value;
}
