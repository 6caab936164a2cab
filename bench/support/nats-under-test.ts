import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';
import { tools } from './tools.js';

/** A NATS server of the benchmark's own, which it may kill. */
export class NatsUnderTest {
  readonly process: ServerProcess;

  private constructor(
    readonly url: string,
    private readonly folder: string,
  ) {
    this.process = new ServerProcess(() => tools.startNatsServer({ folder }));
  }

  /** Made, not started. */
  static async prepare(): Promise<NatsUnderTest> {
    const folder = await mkdtemp(path.join(tmpdir(), 'multi-broker-bench-nats-'));
    const port = await freePort();
    tools.prepareNatsServer({ folder, port, jetstream: true });
    return new NatsUnderTest(`nats://127.0.0.1:${port}`, folder);
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    await this.process.start();
    while (!(await answers(Number(new URL(this.url).port)))) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  kill(): Promise<void> {
    return this.process.kill();
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
