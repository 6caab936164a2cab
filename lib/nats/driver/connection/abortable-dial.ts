import net, { type Socket } from 'node:net';

import type { ConnectionOptions, NatsConnection, Status } from 'nats';

import { asError } from '../../../errors/index.js';

/** Internals of nats.js 2: one TCP connection. */
export interface Transport {
  /** Set once the server has sent its INFO. */
  connected: boolean;
  socket?: Socket | undefined;
  dial(server: { readonly port: number; readonly hostname: string }): Promise<Socket>;
  tlsFirst(server: { readonly port: number; readonly hostname: string }): Promise<Socket>;
  startTLS(): Promise<Socket>;
  close(error?: Error): Promise<void>;
}

/** Internals of nats.js 2: a connection over all its reconnects. */
export interface ProtocolHandler {
  transport?: Transport | undefined;
  /** Makes the transport of the next dial. */
  prepare(): Promise<void>;
  dialLoop(): Promise<void>;
  status(): AsyncIterable<Status>;
  close(): Promise<void>;
  isClosed(): boolean;
}

/** The internals of nats.js 2 that an abortable dial is built from. */
export interface NatsInside {
  readonly NatsConnectionImpl: new (options: ConnectionOptions) => NatsConnection & {
    readonly options: ConnectionOptions;
    readonly listeners: readonly { push(status: Status): void }[];
    protocol: ProtocolHandler;
  };
  readonly ProtocolHandler: new (options: ConnectionOptions, publisher: NatsConnection) => ProtocolHandler;
  /** Sets the global transport factory, as nats.js's own `connect` does first. */
  useNodeTransport(): void;
}

/** The parts of the `nats` package that dial. */
export interface DialClient {
  readonly connect: (options: ConnectionOptions) => Promise<NatsConnection>;
  /** Undefined if the package lacks these internals: a dial cannot be aborted then. */
  readonly inside?: NatsInside | undefined;
}

/** A dial in progress. */
export interface Dial {
  readonly connected: Promise<NatsConnection>;
  readonly giveUp: () => void;
}

/**
 * Like nats.js's `connect`, except that each dial can be aborted. nats.js does not close a connection that was accepted
 * but has not been greeted yet (`_closed()` of its transport returns while there was no INFO): behind a load balancer
 * without a server each attempt would leak a socket, on every reconnect, and the process could not exit.
 */
export function startDial(client: DialClient, options: ConnectionOptions): Dial {
  const { inside } = client;
  if (inside === undefined) return { connected: later(() => client.connect(options)), giveUp: () => undefined };
  let handler: ProtocolHandler | undefined;
  const connected = later(async () => {
    inside.useNodeTransport();
    const nc = new inside.NatsConnectionImpl(options);
    handler = new inside.ProtocolHandler(nc.options, nc);
    endAllDials(handler);
    await handler.dialLoop();
    nc.protocol = handler;
    void forward(handler, nc);
    return nc;
  });
  // Before the first dial there is nothing to close, and nats.js does not check for that.
  return { connected, giveUp: () => void handler?.close().catch(() => undefined) };
}

/** Turns a synchronous throw into a rejection: nats.js throws on an invalid option. */
async function later<T>(act: () => Promise<T>): Promise<T> {
  return act();
}

async function forward(handler: ProtocolHandler, { listeners }: InstanceType<NatsInside['NatsConnectionImpl']>) {
  for await (const status of handler.status()) for (const listener of listeners) listener.push(status);
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
