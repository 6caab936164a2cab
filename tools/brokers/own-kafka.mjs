import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, freePorts } from './free-port.mjs';
import { kafkaAnswers } from './kafka-ready.mjs';
import { kafkaLog, prepareKafkaNode, startKafkaNode } from './kafka-server.mjs';
import { makeKeystore } from './keystore.mjs';
import { OwnProcess } from './own-process.mjs';
import { host } from './paths.mjs';
import { tail } from './process.mjs';
import { until } from './until.mjs';

/**
 * A Kafka cluster of one's own, whose nodes may be killed, paused and started again. Some 3 s for one node, 6 s for two.
 * Node 0 also is the controller: kill node 1 to see leaders move. Its methods may be passed on by themselves.
 */
export class OwnKafka {
  #folder;
  #nodes;
  #processes;

  constructor(folder, nodes, secured) {
    this.brokers = nodes.map((node) => `${host}:${node.advertisedPort}`);
    this.secured = secured;
    this.#folder = folder;
    this.#nodes = nodes;
    this.#processes = nodes.map((node) => new OwnProcess(() => startKafkaNode(node)));
  }

  /**
   * Made, not started. `advertise` gives the port by which clients reach a node that listens on this one; `secured` opens
   * a port for TLS and SASL on the first node.
   */
  static async prepare({ nodes = 1, heap = '256m', secured = false, advertise = (port) => port } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'multi-broker-own-kafka-'));
    const [controllerPort, ...ports] = await freePorts(nodes + 1);
    const advertised = await Promise.all(ports.map((port) => advertise(port)));
    const security = secured ? await securityIn(folder) : undefined;
    const shared = { controllerPort, clusterId: randomBytes(16).toString('base64url'), replicas: nodes, heap };
    const made = ports.map((port, index) => ({
      ...{ ...shared, folder: join(folder, String(index)), id: index + 1, port, advertisedPort: advertised[index] },
      ...(index === 0 && security && { secured: security.server }),
    }));
    await Promise.all(made.map((node) => prepareKafkaNode(node)));
    return new OwnKafka(folder, made, security?.client);
  }

  /** Resolves when all nodes, or the one given, answer as parts of the cluster. */
  start = async (node) => {
    const indexes = node === undefined ? [...this.#nodes.keys()] : [node];
    await Promise.all(indexes.map((index) => this.#processes[index].start()));
    for (const index of indexes) {
      const what = `Kafka node ${index} answers`;
      await until(() => this.#answers(index), { what, timeoutMs: 60_000, everyMs: 100 });
    }
  };

  kill = (node = 0, signal = 'SIGKILL') => {
    return this.#processes[node].end(signal);
  };

  /** On the same port and data, after `kill` or by itself. */
  restart = async (node = 0) => {
    await this.#processes[node].end('SIGTERM');
    await this.start(node);
  };

  pause = (node = 0) => {
    this.#processes[node].signal('SIGSTOP');
  };

  resume = (node = 0) => {
    this.#processes[node].signal('SIGCONT');
  };

  /** Ends all nodes and removes their data. */
  stop = async () => {
    await Promise.all(this.#processes.map((process) => process.end('SIGKILL')));
    rmSync(this.#folder, { recursive: true, force: true });
  };

  #answers(index) {
    const expected = this.#processes.filter(({ running }) => running).length;
    if (this.#processes[index].running) return kafkaAnswers([this.brokers[index]], expected);
    throw new Error(`Kafka node ${index} ended: ${tail(kafkaLog(this.#nodes[index].folder))}`);
  }
}

/** Credentials of its own for each cluster. */
async function securityIn(folder) {
  const port = await freePort();
  const [keystorePassword, password] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')];
  const { keystore, certificate } = await makeKeystore(join(folder, 'tls'), keystorePassword);
  const login = { username: 'app', password };
  return {
    client: { brokers: [`${host}:${port}`], certificate, ...login },
    server: { port, keystore, keystorePassword, ...login },
  };
}
