import type { DriverContext } from '../../../driver/index.js';

/**
 * A method of a kafkajs client; where the application makes spans of its messages, without an instrumentation around it.
 *
 * That of OpenTelemetry for kafkajs would make a span for each message beside the library's, write its `traceparent` over
 * theirs, and end a message's span when its batch is handed over. Only the library's own calls go past it: clients that an
 * application makes keep it.
 */
export function methodOf<T extends object, K extends keyof T>(
  client: T,
  name: K,
  { instrumented }: Pick<DriverContext, 'instrumented'>,
): T[K] {
  let method = client[name];
  if (instrumented !== true) return method;
  while (isWrapper<T[K]>(method)) method = method.__original;
  return method;
}

/** OpenTelemetry's wrappers (shimmer) keep what they have wrapped. */
function isWrapper<M>(method: unknown): method is { readonly __original: M } {
  return typeof method === 'function' && '__original' in method;
}
