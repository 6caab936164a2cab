import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ChildProcess } from 'node:child_process';

type Tools = typeof import('../../tools/brokers/index.mjs');
const { prepareNatsServer, startNatsServer } = (await import(
  pathToFileURL(path.resolve('tools/brokers/index.mjs')).href
)) as Tools;

/** A NATS server of the benchmark's own, which it may kill. */
export class NatsUnderTest {
  private process: ChildProcess | undefined;

  private constructor(
    readonly url: string,
    private readonly folder: string,
  ) {}

  /** Made, not started. */
  static async prepare(): Promise<NatsUnderTest> {
    const folder = await mkdtemp(path.join(tmpdir(), 'multi-broker-faults-'));
    const port = await freePort();
    prepareNatsServer({ folder, port, jetstream: true });
    return new NatsUnderTest(`nats://127.0.0.1:${port}`, folder);
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    this.process = await startNatsServer({ folder: this.folder });
    this.process.ref();
    while (!(await answers(Number(new URL(this.url).port)))) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async kill(): Promise<void> {
    const exit = once(this.process!, 'exit');
    this.process!.kill('SIGKILL');
    await exit;
  }

  async remove(): Promise<void> {
    if (this.process!.exitCode === null && this.process!.signalCode === null) await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
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
