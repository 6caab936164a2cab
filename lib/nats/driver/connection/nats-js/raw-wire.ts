import type { ClientConnection, RawWire } from '../client-port.js';

/** Internals of nats.js: passes bytes to the socket, in one write per turn of the event loop. */
interface Protocol {
  sendCommand(bytes: Uint8Array): void;
  outBytes: number;
  outMsgs: number;
  readonly transport: { readonly version: string };
}

/** Undefined if the client is not of a tried version or lacks these internals, or the server does not support headers. */
export function rawWire(nc: ClientConnection, tried: RegExp): RawWire | undefined {
  const { protocol } = nc as ClientConnection & { readonly protocol?: Partial<Protocol> };
  const has = typeof protocol?.sendCommand === 'function' && typeof protocol.outBytes === 'number';
  const known = has && tried.test(protocol.transport?.version ?? '');
  return known && nc.info?.headers === true ? new ProtocolWire(protocol as Protocol) : undefined;
}

class ProtocolWire implements RawWire {
  constructor(private readonly protocol: Protocol) {}

  send(bytes: Uint8Array, messages: number): void {
    this.protocol.outBytes += bytes.length;
    this.protocol.outMsgs += messages;
    this.protocol.sendCommand(bytes);
  }
}
