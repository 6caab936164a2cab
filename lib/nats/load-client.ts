import { MultiBrokerError } from '../errors/index.js';
import type { NatsInside } from './driver/guarded-dial.js';

/** What is used of the `nats` package. */
export interface NatsClient {
  readonly connect: typeof import('nats').connect;
  readonly createInbox: typeof import('nats').createInbox;
  readonly headers: typeof import('nats').headers;
  /** See `startDial`. */
  readonly inside?: NatsInside | undefined;
  readonly toJsMsg: typeof import('nats/lib/jetstream/jsmsg.js').toJsMsg;
}

type Importer = () => Promise<[Module<typeof import('nats')>, Module<typeof import('nats/lib/jetstream/jsmsg.js')>]>;
type Module<T> = T & { readonly default?: T };

// The package has no public way to make a JsMsg of a Msg, and no `exports` that would forbid this one; it is frozen at
// 2.29.
const fromPackage: Importer = () => Promise.all([import('nats'), import('nats/lib/jetstream/jsmsg.js')]);

/** Loads the optional peer `nats`. Rejects with MULTI_BROKER_CLIENT_MISSING where it is not installed. */
export async function loadClient(broker: string, load: Importer = fromPackage): Promise<NatsClient> {
  try {
    const [nats, jsmsg] = await load();
    const { connect, createInbox, headers } = commonJs(nats);
    return { connect, createInbox, headers, toJsMsg: commonJs(jsmsg).toJsMsg, inside: await loadInside() };
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    const what = `Broker '${broker}' needs the package 'nats', which is not installed (npm install nats)`;
    throw new MultiBrokerError('MULTI_BROKER_CLIENT_MISSING', what, { broker, cause });
  }
}

/** Undefined where the client has not these insides: then its own `connect` has to do. */
async function loadInside(): Promise<NatsInside | undefined> {
  try {
    const [connection, protocol, transport, node] = await Promise.all([
      import('nats/lib/nats-base-client/nats.js').then(commonJs),
      import('nats/lib/nats-base-client/protocol.js').then(commonJs),
      import('nats/lib/nats-base-client/transport.js').then(commonJs),
      import('nats/lib/src/node_transport.js').then(commonJs),
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

const commonJs = <T>(module: Module<T>): T => module.default ?? module;

function isMissing(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown } | null)?.code;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
