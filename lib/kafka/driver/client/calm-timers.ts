/** What of kafkajs's queue of requests matters here. */
interface Queue {
  readonly pending: { readonly length: number };
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

/** kafkajs's way to connections. None of it is public. */
interface Pool {
  readonly pool: readonly { readonly requestQueue?: Queue }[];
}
interface Cluster {
  readonly connectionPoolBuilder?: { build?(this: void, to?: object): Promise<Partial<Pool>> };
}
type CreateCluster = (this: void, options: object) => Cluster;

const CREATE_CLUSTER = 'private:Kafka:createCluster';

/**
 * kafkajs 2.2.4 sets a timer again and again for each connection, though nothing waits: 2,771 wake-ups in 3 s (#1556,
 * #1604, #1704, #1751; its pull requests #1667, #1755, #1768 are open). Its delay is negative, of which Node warns since
 * version 21. With this the connections of one client set one when a request waits. kafkajs's own code stays as it is,
 * for it may have other users in the process; and so does a kafkajs that is not the one this was written for.
 *
 * @returns whether it is in effect
 */
export function calmTimers(kafka: object): boolean {
  const client = kafka as Record<symbol, CreateCluster | undefined>;
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  const create = symbol && client[symbol];
  if (create === undefined) return false;
  client[symbol as symbol] = (options) => {
    const cluster = create(options);
    const { connectionPoolBuilder: builder } = cluster;
    const build = builder?.build;
    if (builder === undefined || build === undefined) return cluster;
    builder.build = async (to) => {
      const built = await build(to);
      for (const { requestQueue } of built.pool ?? []) calm(requestQueue);
      return built;
    };
    return cluster;
  };
  return true;
}

function calm(queue: Queue | undefined): void {
  if (queue === undefined) return;
  const { scheduleCheckPendingRequests: original } = queue as { readonly scheduleCheckPendingRequests: unknown };
  if (!isTheKnown(original)) return;
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0 || queue.throttledUntil > Date.now()) original.call(queue);
  };
}

function isTheKnown(code: unknown): code is (this: Queue) => void {
  return typeof code === 'function' && /let scheduleAt = this\.throttledUntil - Date\.now\(\)/.test(String(code));
}
