import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { host } from '../../../tools/brokers/index.mjs';

export type Direction = 'toServer' | 'toClient';

export interface Proxy {
  readonly port: number;
  /** How many connections are open now. */
  readonly connections: number;
  /** Resets every connection; new ones are let through. */
  cut(): void;
  /** As `cut`, and new connections are reset too, until `resume`. */
  refuse(): void;
  /** Connections stay open and bytes no longer flow, both ways or one, until `resume`. */
  stall(direction?: Direction): void;
  resume(): void;
  close(): Promise<void>;
}

/**
 * Stands between a client and a server on this machine. A Kafka client reaches only the address that a
 * node advertises: for Kafka use `startKafkaCluster({ proxied: true })`.
 */
export async function startProxy(targetPort: number): Promise<Proxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>();
  const stalled = new Set<Direction>();
  let refusing = false;

  const pump = (from: Socket, to: Socket, direction: Direction) => {
    from.on('data', (chunk) => {
      if (to.write(chunk)) return;
      from.pause();
      to.once('drain', () => stalled.has(direction) || from.resume());
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    if (stalled.has(direction)) from.pause();
  };
  const each = (act: (from: Socket, direction: Direction) => void) => {
    for (const { client, server } of pairs) {
      act(client, 'toServer');
      act(server, 'toClient');
    }
  };
  const cut = () => each((socket) => socket.resetAndDestroy());

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: targetPort, host, allowHalfOpen: true, noDelay: true });
    const pair = { client, server };
    pairs.add(pair);
    client.once('close', () => pairs.delete(pair));
    pump(client, server, 'toServer');
    pump(server, client, 'toClient');
  });
  await once(listener.listen(0, host), 'listening');

  return {
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    cut,
    refuse() {
      refusing = true;
      cut();
    },
    stall(direction) {
      for (const one of direction ? [direction] : (['toServer', 'toClient'] as const)) stalled.add(one);
      each((from, way) => stalled.has(way) && from.pause());
    },
    resume() {
      refusing = false;
      stalled.clear();
      each((from) => from.resume());
    },
    async close() {
      const closed = once(listener.close(), 'close');
      cut();
      await closed;
    },
  };
}
