import { once } from 'node:events';
import { createServer } from 'node:net';

import { host } from './paths.mjs';

/** Ports that no process listens on; all are held together, so that they differ. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export async function freePort() {
  const [port] = await freePorts(1);
  return port;
}
