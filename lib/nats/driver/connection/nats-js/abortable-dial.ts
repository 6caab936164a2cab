import net, { type Socket } from 'node:net';

import { asError } from '../../../../errors/index.js';

/** Internals of nats.js: one TCP connection. */
interface Transport {
  /** Set once the server has sent its INFO. */
  connected: boolean;
  socket?: Socket | undefined;
  dial(server: Server): Promise<Socket>;
  tlsFirst(server: Server): Promise<Socket>;
  startTLS(): Promise<Socket>;
  close(error?: Error): Promise<void>;
}

interface Server {
  readonly port: number;
  readonly hostname: string;
}

/** Internals of nats.js: a connection over all its reconnects. */
export interface ProtocolHandler {
  transport?: Transport | undefined;
  /** Makes the transport of the next dial. */
  prepare(): Promise<void>;
  dialLoop(): Promise<void>;
  close(): Promise<void>;
  isClosed(): boolean;
  /** Called with each error of the server. */
  handleError?(error: Error): void;
  /** While a dial is in progress: fails it. */
  connectError?: ((error: Error) => void) | undefined;
}

/** A dial in progress. */
export interface AbortableDial<Connection> {
  readonly connected: Promise<Connection>;
  readonly giveUp: () => void;
}

/** A connection that is not dialled yet. */
export interface Undialled<Connection> {
  readonly handler: ProtocolHandler;
  /** Called once it is connected. */
  readonly established: () => Connection;
}

/**
 * Like nats.js's `connect`, except that each dial can be aborted. nats.js does not close a connection that was accepted
 * but has not been greeted yet (`_closed()` of its transport returns while there was no INFO): behind a load balancer
 * without a server each attempt would leak a socket, on every reconnect, and the process could not exit.
 */
export function abortableDial<Connection>(make: () => Undialled<Connection>): AbortableDial<Connection> {
  let handler: ProtocolHandler | undefined;
  const connected = later(async () => {
    const made = make();
    handler = made.handler;
    endAllDials(handler);
    const undo = endByServerError(handler);
    await handler.dialLoop();
    undo();
    return made.established();
  });
  // Before the first dial there is nothing to close, and nats.js does not check for that.
  return { connected, giveUp: () => void handler?.close().catch(() => undefined) };
}

/** A dial that cannot be aborted: the client lacks the internals. */
export function plainDial<Connection>(connect: () => Promise<Connection>): AbortableDial<Connection> {
  return { connected: later(connect), giveUp: () => undefined };
}

/** Turns a synchronous throw into a rejection: nats.js throws on an invalid option. */
async function later<T>(act: () => Promise<T>): Promise<T> {
  return act();
}

function endAllDials(handler: ProtocolHandler): void {
  const prepare = handler.prepare.bind(handler);
  handler.prepare = () => {
    const before = handler.transport;
    if (before?.connected === false) void before.close();
    const prepared = prepare();
    if (handler.transport !== undefined) endWithItsDial(handler.transport, () => handler.isClosed());
    return prepared;
  };
}

/**
 * nats.js ends a dial at once for a wrong credential alone. After any other refusal, such as "maximum connections exceeded",
 * it waits until the dial times out, and reports that. For the first dial only, by the function that is returned: nats.js
 * begins one more dial loop for each dial of a reconnect that ends before its socket.
 */
function endByServerError(handler: ProtocolHandler): () => void {
  const handle = handler.handleError?.bind(handler);
  if (handle === undefined) return () => undefined;
  handler.handleError = (error) => {
    handle(error);
    handler.connectError?.(error);
  };
  return () => {
    handler.handleError = handle;
  };
}

/** @param isOver whether the connection was given up, so that further dials must fail */
function endWithItsDial(transport: Transport, isOver: () => boolean): void {
  const close = transport.close.bind(transport);
  let socket: Socket | undefined;
  let given = false;
  transport.dial = async ({ port, hostname }) => {
    if (given || isOver()) throw new Error('The dial was aborted');
    socket = net.connect(port, hostname);
    socket.setNoDelay(true);
    await opened(socket);
    return socket;
  };
  transport.tlsFirst = async (server) => {
    transport.socket = await transport.dial(server);
    return transport.startTLS();
  };
  transport.close = async (error) => {
    given = true;
    await close(error);
    if (transport.connected) return;
    // nats.js listens for errors while it waits for INFO, but not between the steps of a dial.
    socket?.on('error', () => undefined);
    socket?.destroy();
  };
}

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let cause: Error | undefined;
    socket.once('error', (thrown) => {
      cause = asError(thrown);
    });
    socket.once('close', () => reject(cause ?? new Error('The dial was aborted')));
    socket.once('connect', () => {
      socket.removeAllListeners();
      resolve();
    });
  });
}
