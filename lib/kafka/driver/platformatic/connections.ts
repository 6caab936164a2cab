import type { Base, ConnectionPool } from '@platformatic/kafka';

/** A part of the client: a consumer, a producer or an admin. */
export type Part = Pick<Base, 'close' | 'clearMetadata' | 'connections' | 'on'>;

/** What one client has open, so that all of it can be ended at once. */
export class Connections {
  private readonly parts = new Set<Part>();
  private readonly pools = new Set<ConnectionPool>();
  private isKilled = false;

  get killed(): boolean {
    return this.isKilled;
  }

  add<T extends Part>(part: T): T {
    this.parts.add(part);
    return part;
  }

  /** It is closed: a session makes an admin for each question. */
  remove(part: Part): void {
    this.parts.delete(part);
  }

  addPool(pool: ConnectionPool): ConnectionPool {
    this.pools.add(pool);
    return pool;
  }

  /** A part that is closed makes no connection any more; what waits for an answer fails with its connection. */
  kill(): void {
    if (this.isKilled) return;
    this.isKilled = true;
    for (const part of this.parts) {
      this.pools.add(part.connections);
      cutPool(part.connections);
      closeSilently(part);
    }
    for (const pool of this.pools) {
      cutPool(pool);
      void pool.close().catch(() => undefined);
    }
  }
}

/** Without its metadata a consumer does not know its coordinator, and does not wait for it: it does not leave its group. */
export function closeSilently(part: Part): void {
  part.clearMetadata();
  void Promise.resolve(part.close()).catch(() => undefined);
}

/** Ends its sockets. */
export function cutPool(pool: ConnectionPool): void {
  for (const [, connection] of pool as unknown as Iterable<[string, { readonly socket?: { destroy(): void } }]>)
    connection.socket?.destroy();
}
