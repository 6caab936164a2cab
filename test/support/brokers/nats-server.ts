import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  host,
  makeCertificate,
  natsLog,
  prepareNatsServer,
  startNatsServer as launch,
  tail,
} from '../../../tools/brokers/index.mjs';
import { freePort } from './free-port.js';
import { OwnedProcess } from './owned-process.js';
import { until } from './until.js';

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

export interface TestNatsServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** With `tls`: what a client has to trust, as PEM. */
  readonly certificate: string | undefined;
  /** SIGKILL by default. Resolves when the process is gone; after another signal (SIGUSR2: lame duck) at once. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** On the same port and store, after `kill` or by itself. */
  restart(): Promise<void>;
  /** The connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

export async function startNatsServer(options: NatsServerOptions = {}): Promise<TestNatsServer> {
  const port = options.port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'multi-broker-test-nats-'));
  const { jetstream = false, storeDir } = options;
  const tls = options.tls === true ? await makeCertificate(join(folder, 'tls')) : undefined;
  const extra = [configuration(options), tls && `tls { cert_file: "${tls.pem}", key_file: "${tls.key}" }`];
  prepareNatsServer({ folder, port, jetstream, storeDir, extra: extra.filter(Boolean).join('\n') });

  const server = new OwnedProcess(() => launch({ folder }));
  const start = async () => {
    await server.start();
    await until(async () => !server.running || (await answers(port)), { what: 'nats-server answers' });
    if (!server.running) throw new Error(`nats-server ended: ${tail(natsLog(folder))}`);
  };
  await start();

  return {
    url: `nats://${host}:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    certificate: tls?.certificate,
    async kill(signal = 'SIGKILL') {
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await server.end(signal);
      else server.signal(signal);
    },
    async restart() {
      await server.end('SIGTERM');
      await start();
    },
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    async stop() {
      await server.end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
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

/** The server greets with INFO before it asks who one is; with JetStream, once that is up. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    return greeting.toString().startsWith('INFO');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
