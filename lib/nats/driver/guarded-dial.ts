import net, { type Socket } from 'node:net';

import type { ConnectionOptions, NatsConnection, Status } from 'nats';

import { asError } from '../../errors/index.js';
import type { NatsClient } from '../load-client.js';

/** What nats.js 2 has inside: one TCP connection. */
export interface Transport {
  /** Set once the server has greeted. */
  connected: boolean;
  socket?: Socket | undefined;
  dial(server: { readonly port: number; readonly hostname: string }): Promise<Socket>;
  tlsFirst(server: { readonly port: number; readonly hostname: string }): Promise<Socket>;
  startTLS(): Promise<Socket>;
  close(error?: Error): Promise<void>;
}

/** What nats.js 2 has inside: a connection over all its reconnects. */
export interface ProtocolHandler {
  transport?: Transport | undefined;
  /** Makes the transport of the next dial. */
  prepare(): Promise<void>;
  dialLoop(): Promise<void>;
  status(): AsyncIterable<Status>;
  close(): Promise<void>;
  isClosed(): boolean;
}

/** What of it this needs. */
export interface NatsInside {
  readonly NatsConnectionImpl: new (options: ConnectionOptions) => NatsConnection & {
    readonly options: ConnectionOptions;
    readonly listeners: readonly { push(status: Status): void }[];
    protocol: ProtocolHandler;
  };
  readonly ProtocolHandler: new (options: ConnectionOptions, publisher: NatsConnection) => ProtocolHandler;
  /** What nats.js's own `connect` does first. */
  useNodeTransport(): void;
}

/** A dial that is under way. */
export interface Dial {
  readonly connected: Promise<NatsConnection>;
  readonly giveUp: () => void;
}

/**
 * As nats.js's `connect`, but that each dial can be given up. nats.js ends no connection that was accepted and not
 * answered yet (`_closed()` of its transport returns while there was no INFO): behind a load balancer without a server
 * each try would leave a socket, on every reconnect, and the process could not end.
 */
export function startDial(client: Pick<NatsClient, 'connect' | 'inside'>, options: ConnectionOptions): Dial {
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
  // Before the first dial there is nothing to close, and nats.js does not look.
  return { connected, giveUp: () => void handler?.close().catch(() => undefined) };
}

/** An invalid option makes nats.js throw rather than reject. */
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

/** @param isOver whether no connection is wanted any more */
function endWithItsDial(transport: Transport, isOver: () => boolean): void {
  const close = transport.close.bind(transport);
  let socket: Socket | undefined;
  let given = false;
  transport.dial = async ({ port, hostname }) => {
    if (given || isOver()) throw new Error('The dial was given up');
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
    // nats.js listens while it waits for the greeting, and not between the steps of a dial.
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
    socket.once('close', () => {
      reject(cause ?? new Error('The dial was given up'));
    });
    socket.once('connect', () => {
      socket.removeAllListeners();
      resolve();
    });
  });
}
