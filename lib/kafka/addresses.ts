/** The real name of what a decorator names: see the option `addresses`. */
export function mapped(name: string, addresses: Readonly<Record<string, string>> | undefined): string {
  return addresses !== undefined && Object.hasOwn(addresses, name) ? (addresses[name] ?? name) : name;
}
