/** Names in decorators, and what they are on the server: the option `addresses`. */
export type Addresses = Readonly<Record<string, string>> | undefined;

/** The name on the server; the name itself where none is given. */
export function addressOf(name: string, addresses: Addresses): string {
  return addresses !== undefined && Object.hasOwn(addresses, name) ? (addresses[name] ?? name) : name;
}
