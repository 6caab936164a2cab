import net from 'node:net';
import tls from 'node:tls';

import type { ISocketFactory, ISocketFactoryArgs } from 'kafkajs';

import { asError } from '../../../errors/index.js';

/** As kafkajs's own factory. */
const KEEP_ALIVE_MS = 60_000;

const connect: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // kafkajs's type says that there always are TLS options, and gives none without TLS.
  const options = ssl as ISocketFactoryArgs['ssl'] | undefined;
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = options
    ? tls.connect({ host, port, ...servername, ...options }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
};

/**
 * The sockets of one kafkajs client. kafkajs has no way to give up: a `disconnect()` waits for ever on a stuck handler
 * (#903, #1168), and a consumer stopped while it starts goes on (#967). Without sockets it ends.
 */
export class Sockets {
  private readonly open = new Set<net.Socket>();
  /** Whether it is over. */
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

  /** Ends every connection at once; none is made any more. */
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
    // Also keeps an error after kafkajs has let go of the socket from ending the process.
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
 * kafkajs says goodbye without looking at what comes of it, when a connection fails and when its consumer crashes: an
 * error of it would be a rejection that nobody handles, and the end of the process (#702, #418).
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
