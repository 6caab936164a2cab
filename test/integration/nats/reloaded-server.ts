import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startNatsServer, type TestNatsServer, uniqueName } from '../../support/real-brokers.js';

/** A JetStream server whose configuration a test changes while clients are connected. */
export class ReloadedServer {
  private constructor(
    readonly server: TestNatsServer,
    private readonly path: string,
  ) {}

  /** @param lines of nats-server's own configuration, which takes JSON */
  static async start(lines: string): Promise<ReloadedServer> {
    const file = `${uniqueName('nats-reloaded')}.conf`;
    const path = join(tmpdir(), file);
    writeFileSync(path, lines);
    // The path of an included file is relative to that of the configuration.
    const server = await startNatsServer({ jetstream: true, config: `include "../${file}"` });
    return new ReloadedServer(server, path);
  }

  /** The server reads the new lines soon, and closes no connection. */
  async reload(lines: string): Promise<void> {
    writeFileSync(this.path, lines);
    await this.server.kill('SIGHUP');
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.path);
  }
}
