/** A request that kafkajs has written, as its queue keeps it until the answer comes. */
export interface SentRequest {
  /** By `Date.now()`. */
  readonly sentAt: number | null;
  readonly entry: { readonly apiName: string };
}

/** kafkajs's queue of the requests of one connection (2.2.4, src/network/requestQueue). None of it is public. */
export interface RequestQueue {
  /** `host:port` */
  readonly broker: string;
  /** Written and not answered, by correlation id. */
  readonly inflight: ReadonlyMap<number, SentRequest>;
  readonly pending: { readonly length: number };
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
  fulfillRequest(response: { readonly correlationId: number }): void;
}

/** kafkajs's connection to one server of the cluster, as far as it makes requests (2.2.4, src/broker). */
export interface Node {
  /** Set when the connection is made, and again when it is made anew. */
  lookupRequest(apiKey: number, versions: unknown): (args: never) => unknown;
}

interface Pool {
  readonly pool: readonly { readonly requestQueue?: Partial<RequestQueue> }[];
}
interface Cluster {
  readonly connectionPoolBuilder?: { build?(this: void, to?: object): Promise<Partial<Pool>> };
  readonly brokerPool?: { createBroker?(this: void, options: object): Partial<Node> };
}
type CreateCluster = (this: void, options: object) => Cluster;

const CREATE_CLUSTER = 'private:Kafka:createCluster';

/**
 * Calls `act` with the request queue of every connection that this client makes from now on. kafkajs's own code stays
 * as it is, for it may have other users in the process; and so does a kafkajs that is not the one this was written for.
 *
 * @returns whether it is in effect
 */
export function eachRequestQueue(kafka: object, act: (queue: Partial<RequestQueue>) => void): boolean {
  return eachCluster(kafka, ({ connectionPoolBuilder: builder }) => {
    const build = builder?.build;
    if (builder === undefined || build === undefined) return;
    builder.build = async (to) => {
      const built = await build(to);
      for (const { requestQueue } of built.pool ?? []) if (requestQueue !== undefined) act(requestQueue);
      return built;
    };
  });
}

/** The same with every server of the cluster. */
export function eachNode(kafka: object, act: (node: Partial<Node>) => void): boolean {
  return eachCluster(kafka, ({ brokerPool: pool }) => {
    const create = pool?.createBroker;
    if (pool === undefined || create === undefined) return;
    pool.createBroker = (options) => {
      const node = create(options);
      act(node);
      return node;
    };
  });
}

function eachCluster(kafka: object, act: (cluster: Cluster) => void): boolean {
  const client = kafka as Record<symbol, CreateCluster | undefined>;
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  const create = symbol && client[symbol];
  if (create === undefined) return false;
  client[symbol as symbol] = (options) => {
    const cluster = create(options);
    act(cluster);
    return cluster;
  };
  return true;
}
