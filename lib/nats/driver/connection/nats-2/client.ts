import type { ConnectionOptions, NatsConnection, Status } from 'nats';

import type { ClientConnection, ClientEvents, NatsClient } from '../client-port.js';
import { abortableDial, plainDial, type ProtocolHandler } from '../nats-js/abortable-dial.js';
import { rawWire } from '../nats-js/raw-wire.js';

/** The versions whose internals are known. */
export const TRIED = /^2\.29\./;

/** The internals of nats.js 2 that an abortable dial is built from. */
export interface Nats2Inside {
  readonly NatsConnectionImpl: new (options: ConnectionOptions) => NatsConnection & {
    readonly options: ConnectionOptions;
    readonly listeners: readonly { push(status: Status): void }[];
    protocol: Handler;
  };
  readonly ProtocolHandler: new (options: ConnectionOptions, publisher: NatsConnection) => Handler;
  /** Sets the global transport factory, as nats.js's own `connect` does first. */
  useNodeTransport(): void;
}

type Handler = ProtocolHandler & { status(): AsyncIterable<Status> };

/** The parts of the `nats` package that the driver uses. */
export interface Nats2Parts {
  readonly version: string;
  readonly connect: typeof import('nats').connect;
  readonly createInbox: typeof import('nats').createInbox;
  readonly toJsMsg: typeof import('nats/lib/jetstream/jsmsg.js').toJsMsg;
  /** Undefined if the package lacks these internals: a dial cannot be given up then. */
  readonly inside?: Nats2Inside | undefined;
}

/** The adapter of `nats` 2, whose development has ended with 2.29.3. */
export function nats2Client({ version, connect, createInbox, toJsMsg, inside }: Nats2Parts): NatsClient {
  return {
    name: 'nats',
    version,
    dial: (options) => {
      if (inside === undefined) return plainDial<ClientConnection>(() => connect(options));
      return abortableDial<ClientConnection>(() => undialled(inside, options));
    },
    watch: (nc, events) => void watch(nc as NatsConnection, events),
    wire: (nc) => rawWire(nc, TRIED),
    createInbox: (prefix) => createInbox(prefix),
    toJsMsg: (message) => toJsMsg(message as Parameters<typeof toJsMsg>[0]),
    manager: async (nc, options) =>
      // A copy, for nats.js removes `domain` from the object that it gets.
      await (nc as NatsConnection).jetstreamManager({ ...options, checkAPI: false }),
  };
}

function undialled(inside: Nats2Inside, options: ConnectionOptions) {
  inside.useNodeTransport();
  const nc = new inside.NatsConnectionImpl(options);
  const handler = new inside.ProtocolHandler(nc.options, nc);
  const established = (): NatsConnection => {
    nc.protocol = handler;
    void forward(handler, nc);
    return nc;
  };
  return { handler, established };
}

async function forward(handler: Handler, { listeners }: InstanceType<Nats2Inside['NatsConnectionImpl']>) {
  for await (const status of handler.status()) for (const listener of listeners) listener.push(status);
}

async function watch(nc: NatsConnection, events: ClientEvents): Promise<void> {
  for await (const status of nc.status()) tell(nc, status, events);
}

function tell(nc: NatsConnection, status: Status, events: ClientEvents): void {
  switch (status.type as string) {
    case 'disconnect':
      events.disconnected();
      break;
    case 'reconnect':
      events.reconnected();
      break;
    case 'error':
      complained(nc, status, events);
      break;
    case 'ldm':
      events.leaving();
      break;
    default:
      break;
  }
}

function complained(nc: NatsConnection, { data, permissionContext: context }: Status, events: ClientEvents): void {
  if (context === undefined) {
    events.serverError(messageOf(nc, data) ?? (typeof data === 'object' ? JSON.stringify(data) : String(data)));
    return;
  }
  const operation = context.operation === 'publish' ? 'publish' : 'subscription';
  events.refused({ operation, subject: context.subject });
}

/** The server's own message, if this was its last error: the status holds only a code. */
function messageOf(nc: NatsConnection, code: Status['data']): string | undefined {
  const { protocol } = nc as NatsConnection & { readonly protocol?: { readonly lastError?: unknown } };
  const last = protocol?.lastError;
  return last instanceof Error && 'code' in last && last.code === code ? last.message : undefined;
}
