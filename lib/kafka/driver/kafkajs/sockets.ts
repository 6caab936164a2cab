import { eachRequestQueue, type RequestQueue } from './internals.js';
import net from 'node:net';
import tls from 'node:tls';

import type { ISocketFactory, ISocketFactoryArgs } from 'kafkajs';

import { asError } from '../../../errors/index.js';

/** The same as in kafkajs's own factory. */
const KEEP_ALIVE_MS = 60_000;

const connect: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // kafkajs's type always has TLS options, but without TLS they are missing.
  const options = ssl as ISocketFactoryArgs['ssl'] | undefined;
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = options
    ? tls.connect({ host, port, ...servername, ...options }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
};

/**
 * The sockets of one kafkajs client. kafkajs cannot be given up otherwise: a `disconnect()` waits for ever for a stuck
 * handler (#903, #1168), and a consumer that is stopped during its start goes on (#967). Without sockets it ends.
 */
export class Sockets {
  private readonly open = new Set<net.Socket>();
  /** Whether the client was killed. */
  killed = false;

  /** @param lost called when the server, or the way to it, closed a connection */
  constructor(
    private readonly lost: () => void = () => undefined,
    private readonly factory: ISocketFactory = connect,
  ) {}

  readonly make: ISocketFactory = (args) => {
    if (this.killed) throw new Error('This client was closed');
    const socket = neverRefusing(this.factory(args));
    this.open.add(socket);
    this.watch(socket);
    return socket;
  };

  /** Ends every connection at once, and allows no new one. */
  kill(): void {
    this.killed = true;
    for (const socket of this.open) {
      // kafkajs does not listen to 'close': without an error its requests would wait for their time-out.
      socket.destroy(socket.writableEnded ? undefined : new Error('This client was closed'));
    }
  }

  private watch(socket: net.Socket): void {
    let byPeer = false;
    socket.once('end', () => {
      byPeer = !socket.writableEnded;
    });
    // Also keeps an error that comes after kafkajs has dropped the socket from ending the process.
    socket.on('error', () => {
      byPeer = true;
    });
    socket.once('close', () => {
      this.open.delete(socket);
      if (byPeer && !this.killed) this.lost();
    });
  }
}

/**
 * kafkajs ends sockets without handling errors, when a connection fails and when its consumer crashes: an error would
 * be an unhandled rejection, and the end of the process (#702, #418).
 */
function neverRefusing(socket: net.Socket): net.Socket {
  const end: () => net.Socket = socket.end.bind(socket);
  return Object.assign(socket, {
    end: () => {
      try {
        return end();
      } catch (thrown) {
        return socket.destroy(asError(thrown));
      }
    },
  });
}

/**
 * kafkajs 2.2.4 sets a timer again and again for each connection, though nothing waits: 2,771 wake-ups in 3 s (#1556,
 * #1604, #1704, #1751; its pull requests #1667, #1755, #1768 are open). Its delay is negative, of which Node warns
 * since version 21. With this the connections of one client set one when a request waits.
 *
 * @returns whether it is in effect
 */
export function calmTimers(kafka: object): boolean {
  return eachRequestQueue(kafka, calm);
}

function calm(queue: Partial<RequestQueue>): void {
  const { scheduleCheckPendingRequests: original } = queue as { readonly scheduleCheckPendingRequests: unknown };
  if (!isTheKnown(original)) return;
  const known = queue as RequestQueue;
  known.scheduleCheckPendingRequests = () => {
    if (known.pending.length > 0 || known.throttledUntil > Date.now()) original.call(known);
  };
}

function isTheKnown(code: unknown): code is (this: RequestQueue) => void {
  return typeof code === 'function' && /let scheduleAt = this\.throttledUntil - Date\.now\(\)/.test(String(code));
}
