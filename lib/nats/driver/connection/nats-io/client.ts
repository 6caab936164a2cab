import type { ConnectionOptions, Msg, NatsConnection, Status } from '@nats-io/transport-node';

import type { ClientConnection, ClientEvents, NatsClient } from '../client-port.js';
import { abortableDial, plainDial, type ProtocolHandler } from '../nats-js/abortable-dial.js';
import { rawWire } from '../nats-js/raw-wire.js';
import { NatsIoStreamMessage } from './stream-message.js';

/** The versions whose internals are known. */
export const TRIED = /^3\.4\./;

/** The internals of `@nats-io/nats-core` 3 that an abortable dial is built from. */
export interface NatsIoInside {
  readonly NatsConnectionImpl: new (options: ConnectionOptions) => NatsConnection & {
    readonly options: ConnectionOptions;
    protocol: ProtocolHandler;
  };
  readonly ProtocolHandler: new (options: ConnectionOptions, publisher: NatsConnection) => ProtocolHandler;
  /** Sets the global transport factory, as the client's own `connect` does first. */
  useNodeTransport(): void;
}

/** The parts of `@nats-io/transport-node` and `@nats-io/jetstream` that the driver uses. */
export interface NatsIoParts {
  readonly version: string;
  readonly connect: typeof import('@nats-io/transport-node').connect;
  readonly createInbox: typeof import('@nats-io/transport-node').createInbox;
  readonly jetstreamManager: typeof import('@nats-io/jetstream').jetstreamManager;
  /** Undefined if the package lacks these internals: a dial cannot be given up then. */
  readonly inside?: NatsIoInside | undefined;
}

/** The adapter of `@nats-io/transport-node` and `@nats-io/jetstream` 3. */
export function natsIoClient({ version, connect, createInbox, jetstreamManager, inside }: NatsIoParts): NatsClient {
  return {
    name: '@nats-io/transport-node',
    version,
    dial: (options) => {
      if (inside === undefined) return plainDial<ClientConnection>(() => connect(options));
      return abortableDial<ClientConnection>(() => undialled(inside, options));
    },
    watch: (nc, events) => void watch(nc as NatsConnection, events),
    wire: (nc) => rawWire(nc, TRIED),
    createInbox: (prefix) => createInbox(prefix),
    toJsMsg: (message, nc) => new NatsIoStreamMessage(message as Msg, nc as NatsConnection),
    manager: async (nc, options) =>
      // A copy, for the client removes `domain` from the object that it gets.
      await jetstreamManager(nc as NatsConnection, { ...options, checkAPI: false }),
  };
}

function undialled(inside: NatsIoInside, options: ConnectionOptions) {
  inside.useNodeTransport();
  const nc = new inside.NatsConnectionImpl(options);
  const handler = new inside.ProtocolHandler(nc.options, nc);
  const established = (): NatsConnection => {
    nc.protocol = handler;
    return nc;
  };
  return { handler, established };
}

async function watch(nc: NatsConnection, events: ClientEvents): Promise<void> {
  for await (const status of nc.status()) tell(status, events);
}

function tell(status: Status, events: ClientEvents): void {
  switch (status.type) {
    case 'disconnect':
      events.disconnected();
      break;
    case 'reconnect':
      events.reconnected();
      break;
    case 'error':
      complained(status.error, events);
      break;
    case 'ldm':
      events.leaving();
      break;
    default:
      break;
  }
}

/** A permissions violation names what was refused. */
function complained(error: Error, events: ClientEvents): void {
  const { operation, subject } = error as { operation?: unknown; subject?: unknown };
  if (error.name !== 'PermissionViolationError' || typeof subject !== 'string') {
    events.serverError(error.message);
    return;
  }
  events.refused({ operation: operation === 'publish' ? 'publish' : 'subscription', subject });
}
