const NAMES = Symbol.for('nestjs-multi-broker:asked-names');

/** Of all copies, as the tokens are. */
const asked = ((globalThis as { [NAMES]?: Set<string> })[NAMES] ??= new Set());

/**
 * The injection token of a broker; without a name, of the default broker. A string, so that it is the same whichever
 * copy of the package asks. Use it with `moduleRef.get()` and `overrideProvider()`.
 */
export function getBrokerToken(name?: string): string {
  if (name !== undefined) asked.add(name);
  return brokerToken(name);
}

/** The same for who injects nothing by it. */
export function brokerToken(name?: string): string {
  return name === undefined ? 'MULTI_BROKER_DEFAULT' : `MULTI_BROKER:${name}`;
}

/** The names of which somebody in this process has asked for the token: what may be injected. */
export function askedNames(): string[] {
  return [...asked];
}
