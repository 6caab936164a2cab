import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, startNatsServer, type TestNatsServer, uniqueName, until } from '../../support/real-brokers.js';

/** A JetStream server whose configuration a test changes while clients are connected. */
export class ReloadedServer {
  private constructor(
    readonly server: TestNatsServer,
    private readonly path: string,
    private readonly monitor: string,
  ) {}

  /** @param lines of nats-server's own configuration, which takes JSON */
  static async start(lines: string): Promise<ReloadedServer> {
    const file = `${uniqueName('nats-reloaded')}.conf`;
    const path = join(tmpdir(), file);
    const monitor = `127.0.0.1:${await freePort()}`;
    writeFileSync(path, lines);
    // The path of an included file is relative to that of the configuration.
    const config = `http: "${monitor}"\ninclude "../${file}"`;
    return new ReloadedServer(await startNatsServer({ jetstream: true, config }), path, monitor);
  }

  /**
   * Resolves when the server goes by the new lines; it closes no connection. A client that connects meanwhile may get no
   * answer (nats-server 2.15.1).
   */
  async reload(lines: string): Promise<void> {
    const before = await this.loadedAt();
    writeFileSync(this.path, lines);
    await this.server.kill('SIGHUP');
    await until(async () => (await this.loadedAt()) !== before, { what: 'the lines are read' });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.path);
  }

  private async loadedAt(): Promise<string> {
    const answer = await fetch(`http://${this.monitor}/varz`);
    return ((await answer.json()) as { config_load_time: string }).config_load_time;
  }
}
