/** A server as traces and metrics name it. */
export interface ServerAddress {
  /** Its name, or its IP address where it has none. */
  readonly address: string;
  readonly port?: number | undefined;
}

/** Reads `host:port`, with an IPv6 address in brackets; undefined if it is neither. */
export function serverAddress(text: string): ServerAddress | undefined {
  const [, bracketed, host = bracketed, port] = /^(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d+))?$/.exec(text) ?? [];
  if (host === undefined) return undefined;
  return port === undefined ? { address: host } : { address: host, port: Number(port) };
}
