/**
 * The injection token of a broker; without a name, of the default broker. A string, so that it is the same whichever
 * copy of the package asks. Use it with `moduleRef.get()` and `overrideProvider()`.
 */
export function getBrokerToken(name?: string): string {
  return name === undefined ? 'MULTI_BROKER_DEFAULT' : `MULTI_BROKER:${name}`;
}
