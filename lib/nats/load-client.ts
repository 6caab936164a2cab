import { MultiBrokerError } from '../errors/index.js';

/** What is used of the `nats` package. */
export interface NatsClient {
  readonly connect: typeof import('nats').connect;
  readonly createInbox: typeof import('nats').createInbox;
  readonly headers: typeof import('nats').headers;
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
    const [nats, jsmsg] = (await load()).map((module) => module.default ?? module) as Awaited<ReturnType<Importer>>;
    return { connect: nats.connect, createInbox: nats.createInbox, headers: nats.headers, toJsMsg: jsmsg.toJsMsg };
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    const what = `Broker '${broker}' needs the package 'nats', which is not installed (npm install nats)`;
    throw new MultiBrokerError('MULTI_BROKER_CLIENT_MISSING', what, { broker, cause });
  }
}

function isMissing(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown } | null)?.code;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
