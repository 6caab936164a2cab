import { commonJsExports, type CommonJsModule } from '../../../../driver/index.js';
import type { NatsClient } from '../client-port.js';
import { type NatsIoInside, natsIoClient } from './client.js';

type Transport = CommonJsModule<typeof import('@nats-io/transport-node')>;
type JetStream = CommonJsModule<typeof import('@nats-io/jetstream')>;

/** Imports the packages; for tests, something else. */
export type NatsIoImporter = () => Promise<[Transport, JetStream]>;

const fromPackages: NatsIoImporter = () =>
  Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);

/** Loads both packages. Rejects with Node's error where one is not installed. */
export async function loadNatsIo(load: NatsIoImporter = fromPackages): Promise<NatsClient> {
  const [transport, stream] = await load();
  const { connect, createInbox, ...rest } = commonJsExports(transport);
  const { jetstreamManager } = commonJsExports(stream);
  return natsIoClient({ connect, createInbox, jetstreamManager, ...(await loadInside(rest)) });
}

/** What the package exports beside what its types tell of. */
interface Exported {
  readonly NatsConnectionImpl?: unknown;
  readonly ProtocolHandler?: unknown;
  readonly setTransportFactory?: (config: { factory: () => unknown; dnsResolveFn: unknown }) => void;
}

/** Without the internals, if the client does not have them: its own `connect` is used then. */
async function loadInside(exported: object): Promise<{ readonly version: string; readonly inside?: NatsIoInside }> {
  let version = 'of an unknown version';
  try {
    const node = commonJsExports(
      (await import('@nats-io/transport-node/lib/node_transport.js')) as CommonJsModule<
        typeof import('@nats-io/transport-node/lib/node_transport.js')
      >,
    );
    const { NodeTransport, nodeResolveHost: dnsResolveFn } = node;
    version = node.VERSION;
    const { NatsConnectionImpl, ProtocolHandler, setTransportFactory } = exported as Exported;
    const known = [NatsConnectionImpl, ProtocolHandler, setTransportFactory, NodeTransport];
    if (known.some((one) => typeof one !== 'function')) return { version };
    const inside: NatsIoInside = {
      NatsConnectionImpl: NatsConnectionImpl as NatsIoInside['NatsConnectionImpl'],
      ProtocolHandler: ProtocolHandler as NatsIoInside['ProtocolHandler'],
      useNodeTransport: () => setTransportFactory?.({ factory: () => new NodeTransport(), dnsResolveFn }),
    };
    return { version, inside };
  } catch {
    return { version };
  }
}
