import { OwnKafka, proveKafka, type SecuredPort } from '../../../tools/brokers/index.mjs';
import { startProxy, type Proxy } from './proxy.js';

export interface KafkaClusterOptions {
  readonly nodes?: 1 | 2;
  /** Clients reach each node only through a proxy. */
  readonly proxied?: boolean;
  readonly secured?: boolean;
}

/** A cluster that a test may harm, with 300 MB of memory for each node. */
export interface KafkaCluster extends Pick<OwnKafka, 'brokers' | 'kill' | 'restart' | 'pause' | 'resume' | 'stop'> {
  /** With `proxied`: one for each node. */
  readonly proxies: readonly Proxy[];
  /** With `secured`: the first node's port for TLS and SASL. */
  readonly secured: SecuredPort | undefined;
}

export async function startKafkaCluster(options: KafkaClusterOptions = {}): Promise<KafkaCluster> {
  const { nodes = 1, proxied = false, secured = false } = options;
  const proxies: Proxy[] = [];
  const proxyOf = async (port: number): Promise<number> => {
    const proxy = await startProxy(port);
    proxies.push(proxy);
    return proxy.port;
  };
  const kafka = await OwnKafka.prepare({ nodes, secured, ...(proxied && { advertise: proxyOf }) });
  const stop = async (): Promise<void> => {
    await kafka.stop();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  };
  try {
    await kafka.start();
    await proveKafka(kafka.brokers);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers: kafka.brokers,
    // In the order of the nodes, whichever proxy was up first.
    proxies: kafka.brokers.map((broker) => proxies.find(({ port }) => broker.endsWith(`:${port}`))!).filter(Boolean),
    secured: kafka.secured,
    kill: kafka.kill,
    restart: kafka.restart,
    pause: kafka.pause,
    resume: kafka.resume,
    stop,
  };
}
