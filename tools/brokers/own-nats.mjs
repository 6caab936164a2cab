import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeCertificate } from './certificate.mjs';
import { freePort } from './free-port.mjs';
import { natsLog, prepareNatsServer, startNatsServer } from './nats-server.mjs';
import { OwnProcess } from './own-process.mjs';
import { host } from './paths.mjs';
import { tail } from './process.mjs';
import { until } from './until.mjs';

/**
 * A NATS server of one's own, which may be killed, paused and started again on the same port and store. Its methods may be
 * passed on by themselves.
 */
export class OwnNats {
  #folder;
  #process;

  constructor(folder, port, certificate) {
    this.port = port;
    this.url = `nats://${host}:${port}`;
    this.certificate = certificate;
    this.#folder = folder;
    this.#process = new OwnProcess(() => startNatsServer({ folder }));
  }

  /** Made, not started. */
  static async prepare({ port, jetstream = false, storeDir, tls = false, config = '' } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'multi-broker-own-nats-'));
    const taken = port ?? (await freePort());
    const files = tls ? await makeCertificate(join(folder, 'tls')) : undefined;
    const encrypted = files && `tls { cert_file: "${files.pem}", key_file: "${files.key}" }`;
    const extra = [config, encrypted].filter(Boolean).join('\n');
    prepareNatsServer({ folder, port: taken, jetstream, storeDir, extra });
    return new OwnNats(folder, taken, files?.certificate);
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves when it answers. */
  start = async () => {
    await this.#process.start();
    const greets = async () => !this.#process.running || (await answers(this.port));
    await until(greets, { what: 'nats-server answers', timeoutMs: 30_000 });
    if (!this.#process.running) throw new Error(`nats-server ended: ${tail(natsLog(this.#folder))}`);
  };

  /** Resolves when the process is gone; after a signal that ends none (SIGUSR2: lame duck) at once. */
  kill = async (signal = 'SIGKILL') => {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await this.#process.end(signal);
    else this.#process.signal(signal);
  };

  restart = async () => {
    await this.#process.end('SIGTERM');
    await this.start();
  };

  /** The connections stay open and nothing answers. */
  pause = () => {
    this.#process.signal('SIGSTOP');
  };

  resume = () => {
    this.#process.signal('SIGCONT');
  };

  /** Ends the server and removes its data. */
  stop = async () => {
    await this.#process.end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  };
}

/** The server greets with INFO before it asks for credentials; with JetStream, once that is up. */
async function answers(port) {
  const socket = connect(port, host);
  try {
    const [greeting] = await once(socket, 'data');
    return greeting.toString().startsWith('INFO');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
