import { commonJsExports, type CommonJsModule } from '../../../../driver/index.js';
import type { NatsClient } from '../client-port.js';
import { type Nats2Inside, nats2Client } from './client.js';

type Nats = CommonJsModule<typeof import('nats')>;
type JsMsgModule = CommonJsModule<typeof import('nats/lib/jetstream/jsmsg.js')>;

/** Imports the package; for tests, something else. */
export type Nats2Importer = () => Promise<[Nats, JsMsgModule]>;

// The package has no public function that makes a JsMsg of a Msg, and no `exports` that forbid this import. Its
// development has ended with 2.29.
const fromPackage: Nats2Importer = () => Promise.all([import('nats'), import('nats/lib/jetstream/jsmsg.js')]);

/** Loads the `nats` package. Rejects with Node's error where it is not installed. */
export async function loadNats2(load: Nats2Importer = fromPackage): Promise<NatsClient> {
  const [nats, jsmsg] = await load();
  const { connect, createInbox } = commonJsExports(nats);
  const { toJsMsg } = commonJsExports(jsmsg);
  return nats2Client({ connect, createInbox, toJsMsg, ...(await loadInside()) });
}

/** Without the internals, if the client does not have them: its own `connect` is used then. */
async function loadInside(): Promise<{ readonly version: string; readonly inside?: Nats2Inside }> {
  let version = 'of an unknown version';
  try {
    const [connection, protocol, transport, node] = await Promise.all([
      import('nats/lib/nats-base-client/nats.js').then((module) => commonJsExports(module)),
      import('nats/lib/nats-base-client/protocol.js').then((module) => commonJsExports(module)),
      import('nats/lib/nats-base-client/transport.js').then((module) => commonJsExports(module)),
      import('nats/lib/src/node_transport.js').then((module) => commonJsExports(module)),
    ]);
    const { NodeTransport, nodeResolveHost: dnsResolveFn } = node;
    version = new NodeTransport().version;
    const factory = (): InstanceType<typeof NodeTransport> => new NodeTransport();
    const known = [
      connection.NatsConnectionImpl,
      protocol.ProtocolHandler,
      transport.setTransportFactory,
      NodeTransport,
    ];
    if (known.some((one) => typeof one !== 'function')) return { version };
    const inside: Nats2Inside = {
      NatsConnectionImpl: connection.NatsConnectionImpl as unknown as Nats2Inside['NatsConnectionImpl'],
      ProtocolHandler: protocol.ProtocolHandler as unknown as Nats2Inside['ProtocolHandler'],
      useNodeTransport: () => {
        transport.setTransportFactory({ factory, dnsResolveFn });
      },
    };
    return { version, inside };
  } catch {
    return { version };
  }
}
