import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';
import { tools } from './tools.js';

/** A Kafka of one node, the benchmark's own, which it may kill. */
export class KafkaUnderTest {
  readonly process: ServerProcess;

  private constructor(
    readonly brokers: readonly string[],
    node: Parameters<typeof tools.startKafkaNode>[0],
    private readonly folder: string,
  ) {
    this.process = new ServerProcess(() => tools.startKafkaNode(node));
  }

  /** Made, not started. */
  static async prepare(): Promise<KafkaUnderTest> {
    const folder = await mkdtemp(path.join(tmpdir(), 'multi-broker-bench-kafka-'));
    const [port, controllerPort] = [await freePort(), await freePort()];
    const clusterId = randomBytes(16).toString('base64url');
    const node = {
      folder: path.join(folder, 'node'),
      id: 1,
      port,
      controllerPort,
      clusterId,
      replicas: 1,
      heap: '512m',
    };
    await tools.prepareKafkaNode(node);
    return new KafkaUnderTest([`127.0.0.1:${port}`], node, folder);
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    await this.process.start();
    while (!(await tools.kafkaAnswers(this.brokers))) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  kill(): Promise<void> {
    return this.process.kill();
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
