import { isMissing, missing, UNSET } from '../errors/index.js';

/** Names in decorators, and what they are on the server: the option `addresses`. */
export type Addresses = Readonly<Record<string, string>> | undefined;

/** A name that stands for nothing would be taken for itself. */
export function addressProblems(addresses: Addresses): string[] {
  const unset = Object.entries(addresses ?? {}).filter(([, to]) => isMissing(to));
  return unset.map(([name, to]) => missing(`addresses.${name}`, to, UNSET));
}

/** The name on the server; the name itself where none is given. */
export function addressOf(name: string, addresses: Addresses): string {
  return addresses !== undefined && Object.hasOwn(addresses, name) ? (addresses[name] ?? name) : name;
}
