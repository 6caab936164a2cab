import { commonJsExports, type CommonJsModule, loadPeer } from '../driver/index.js';
import type { NatsInside } from './driver/connection/abortable-dial.js';

/** The parts of the `nats` package that the driver uses. */
export interface NatsClient {
  readonly connect: typeof import('nats').connect;
  readonly createInbox: typeof import('nats').createInbox;
  readonly headers: typeof import('nats').headers;
  /** See `startDial`. */
  readonly inside?: NatsInside | undefined;
  readonly toJsMsg: typeof import('nats/lib/jetstream/jsmsg.js').toJsMsg;
}

type Importer = () => Promise<
  [CommonJsModule<typeof import('nats')>, CommonJsModule<typeof import('nats/lib/jetstream/jsmsg.js')>]
>;

// The package has no public function that makes a JsMsg of a Msg, and no `exports` that forbid this import. Its
// development has ended with 2.29.
const fromPackage: Importer = () => Promise.all([import('nats'), import('nats/lib/jetstream/jsmsg.js')]);

/** Loads the optional peer `nats`. Rejects with MULTI_BROKER_CLIENT_MISSING where it is not installed. */
export async function loadClient(broker: string, load: Importer = fromPackage): Promise<NatsClient> {
  const [nats, jsmsg] = await loadPeer('nats', broker, load);
  const { connect, createInbox, headers } = commonJsExports(nats);
  return { connect, createInbox, headers, toJsMsg: commonJsExports(jsmsg).toJsMsg, inside: await loadInside() };
}

/** Undefined if the client does not have these internals: its own `connect` is used then. */
async function loadInside(): Promise<NatsInside | undefined> {
  try {
    const [connection, protocol, transport, node] = await Promise.all([
      import('nats/lib/nats-base-client/nats.js').then((module) => commonJsExports(module)),
      import('nats/lib/nats-base-client/protocol.js').then((module) => commonJsExports(module)),
      import('nats/lib/nats-base-client/transport.js').then((module) => commonJsExports(module)),
      import('nats/lib/src/node_transport.js').then((module) => commonJsExports(module)),
    ]);
    const { NodeTransport, nodeResolveHost: dnsResolveFn } = node;
    const factory = (): InstanceType<typeof NodeTransport> => new NodeTransport();
    const known = [
      connection.NatsConnectionImpl,
      protocol.ProtocolHandler,
      transport.setTransportFactory,
      NodeTransport,
    ];
    if (known.some((one) => typeof one !== 'function')) return undefined;
    return {
      NatsConnectionImpl: connection.NatsConnectionImpl as unknown as NatsInside['NatsConnectionImpl'],
      ProtocolHandler: protocol.ProtocolHandler as unknown as NatsInside['ProtocolHandler'],
      useNodeTransport: () => {
        transport.setTransportFactory({ factory, dnsResolveFn });
      },
    };
  } catch {
    return undefined;
  }
}
