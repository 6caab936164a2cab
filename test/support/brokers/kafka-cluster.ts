import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  host,
  kafkaAnswers,
  kafkaLog,
  makeKeystore,
  prepareKafkaNode,
  proveKafka,
  startKafkaNode,
  tail,
  type KafkaNode,
} from '../../../tools/brokers/index.mjs';
import { freePorts } from './free-port.js';
import { OwnedProcess } from './owned-process.js';
import { startProxy, type Proxy } from './proxy.js';
import { until } from './until.js';

/** What a client needs of a port for TLS and SASL. */
export interface Secured {
  readonly brokers: string[];
  readonly certificate: string;
  readonly username: string;
  readonly password: string;
}

export interface KafkaClusterOptions {
  readonly nodes?: 1 | 2;
  readonly proxied?: boolean;
  readonly secured?: boolean;
}

export interface KafkaCluster {
  readonly brokers: string[];
  /** With `proxied`: one for each node, and clients reach the node only through it. */
  readonly proxies: readonly Proxy[];
  /** With `secured`: the first node's port for TLS and SASL. */
  readonly secured: Secured | undefined;
  /** Node 0 also is the controller: kill node 1 to see leaders move. */
  kill(node?: number, signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** On the same ports and data, after `kill` or by itself; resolves when the node is part of the cluster again. */
  restart(node?: number): Promise<void>;
  pause(node?: number): void;
  resume(node?: number): void;
  stop(): Promise<void>;
}

/** A cluster that a test may harm. Some 3 s for one node, 6 s for two, with 300 MB of memory for each. */
export async function startKafkaCluster(options: KafkaClusterOptions = {}): Promise<KafkaCluster> {
  const { nodes: count = 1, proxied = false } = options;
  const folder = mkdtempSync(join(tmpdir(), 'multi-broker-test-kafka-'));
  const [controllerPort, ...ports] = await freePorts(count + 1);
  const proxies = proxied ? await Promise.all(ports.map((port) => startProxy(port))) : [];
  const security = options.secured === true ? await securityIn(folder) : undefined;
  const clusterId = randomBytes(16).toString('base64url');
  const nodes = ports.map((port, index): KafkaNode => {
    const place = { folder: join(folder, String(index)), port, advertisedPort: proxies[index]?.port ?? port };
    const secured = index === 0 && security !== undefined ? { secured: security.server } : {};
    return {
      ...{ ...place, ...secured },
      ...{ id: index + 1, controllerPort: controllerPort!, clusterId, replicas: count, heap: '256m' },
    };
  });
  const processes = nodes.map((node) => new OwnedProcess(() => startKafkaNode(node)));
  const brokers = nodes.map((node) => `${host}:${node.advertisedPort ?? node.port}`);

  const ready = async (index: number) => {
    const expected = processes.filter(({ running }) => running).length;
    const { running } = processes[index]!;
    const log = () => tail(kafkaLog(nodes[index]!.folder));
    if (!running) throw new Error(`Kafka node ${index} ended: ${log()}`);
    return kafkaAnswers([brokers[index]!], expected);
  };
  const start = async (index: number) => {
    await processes[index]!.start();
    await until(() => ready(index), { what: `Kafka node ${index} answers`, timeoutMs: 60_000, everyMs: 100 });
  };
  const stop = async () => {
    await Promise.all(processes.map((process) => process.end('SIGKILL')));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    await Promise.all(nodes.map((node) => prepareKafkaNode(node)));
    await Promise.all(nodes.map((_, index) => start(index)));
    await proveKafka(brokers);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    brokers,
    proxies,
    secured: security?.client,
    kill: (node = 0, signal = 'SIGKILL') => processes[node]!.end(signal),
    async restart(node = 0) {
      await processes[node]!.end('SIGTERM');
      await start(node);
    },
    pause: (node = 0) => processes[node]!.signal('SIGSTOP'),
    resume: (node = 0) => processes[node]!.signal('SIGCONT'),
    stop,
  };
}

/** Credentials of its own for each cluster. */
async function securityIn(folder: string): Promise<{ client: Secured; server: NonNullable<KafkaNode['secured']> }> {
  const [port] = await freePorts(1);
  const [keystorePassword, password] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')];
  const { keystore, certificate } = await makeKeystore(join(folder, 'tls'), keystorePassword);
  const login = { username: 'app', password };
  return {
    client: { brokers: [`${host}:${port!}`], certificate, ...login },
    server: { port: port!, keystore, keystorePassword, ...login },
  };
}
