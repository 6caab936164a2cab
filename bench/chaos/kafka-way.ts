import { Socket } from 'node:net';

// The way of the application to Kafka, which is cut while the server is up. Of the prototype, as a client of Kafka need not take
// a factory of sockets.
const NOBODY = { host: '127.0.0.1', port: 1 };
const sockets = new Set<Socket>();
let cut = false;

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/** Watches the connections to these servers, `host:port`, which a cut ends and keeps from being made. */
export function watchKafka(servers: readonly string[]): void {
  const ports = new Set(servers.map((server) => Number(server.split(':').at(-1))));
  const { connect } = Socket.prototype as unknown as { connect: Connect };
  const watched: Connect = function (...args) {
    if (!ports.has(portOf(args))) return connect.apply(this, args);
    sockets.add(this);
    this.on('close', () => sockets.delete(this));
    return cut ? connect.call(this, NOBODY) : connect.apply(this, args);
  };
  Socket.prototype.connect = watched;
}

/** `net.connect()` calls it with an array of what it was given itself. */
function portOf([first]: readonly unknown[]): number {
  if (Array.isArray(first)) return portOf(first);
  if (typeof first === 'object' && first !== null) return Number((first as { readonly port?: unknown }).port);
  return Number(first);
}

export function cutKafka(): void {
  cut = true;
  for (const socket of sockets) socket.destroy(new Error('cut'));
}

export function mendKafka(): void {
  cut = false;
}
