import { OwnNats } from '../../../tools/brokers/index.mjs';

export interface NatsUser {
  user: string;
  password: string;
  permissions?: {
    publish?: string | string[] | { allow?: string[]; deny?: string[] };
    subscribe?: string | string[] | { allow?: string[]; deny?: string[] };
  };
}

export interface NatsServerOptions {
  jetstream?: boolean;
  port?: number;
  auth?: NatsUser[] | { token: string };
  /** Outlives the server if given, to start another one on the same streams. */
  storeDir?: string;
  maxPayload?: number;
  /** Every connection has to be encrypted. */
  tls?: boolean;
  /** More lines of nats-server's own configuration. */
  config?: string;
}

/** A server that a test may harm. */
export type TestNatsServer = OwnNats;

export async function startNatsServer(options: NatsServerOptions = {}): Promise<TestNatsServer> {
  const { port, jetstream, storeDir, tls } = options;
  const server = await OwnNats.prepare({ port, jetstream, storeDir, tls, config: configuration(options) });
  await server.start();
  return server;
}

function configuration({ auth, maxPayload, config }: NatsServerOptions): string {
  const authorization = Array.isArray(auth) ? { users: auth } : auth;
  // The server's configuration language takes JSON.
  return [
    authorization && `authorization: ${JSON.stringify(authorization)}`,
    maxPayload && `max_payload: ${maxPayload}`,
    config,
  ]
    .filter(Boolean)
    .join('\n');
}
