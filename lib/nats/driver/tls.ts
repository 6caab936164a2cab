import type { Socket } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

import type { ConnectionOptions } from 'nats';

/**
 * The options of TLS; undefined where none are given, and then the server decides. nats.js takes `tls://` for
 * `nats://`: a server without TLS would get the credentials in the clear.
 */
export function tlsOptions({ tls, servers }: ConnectionOptions): ConnectionOptions['tls'] {
  const wanted = [servers ?? []].flat().some((server) => server.trim().startsWith('tls://'));
  const given = wanted ? (tls ?? {}) : tls;
  if (typeof given !== 'object' || given === null) return given;
  // Not in the type, but nats.js hands all of `tls` on to tls.connect.
  return { checkServerIdentity: checkIdentity, ...given } as ConnectionOptions['tls'];
}

/** What Node calls it on: the options of tls.connect. */
interface Handshake {
  readonly servername?: string;
  readonly socket?: Socket;
}

/** Of a server that was dialled by its address nats.js tells Node no name, which then checks for 'localhost'. */
function checkIdentity(this: Handshake, host: string, certificate: PeerCertificate): Error | undefined {
  const dialled = this.servername === '' ? this.socket?.remoteAddress : undefined;
  return checkServerIdentity(dialled ?? host, certificate);
}
