import { InProgress } from '../../../async/index.js';
import { type DriverContext, type ServerAddress, serverAddress } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import type { ClientConnection, ClientEvents, NatsClient, Refusal } from './client-port.js';

export type { Refusal } from './client-port.js';

/** Callbacks for changes of the connection, called in the order of registration. */
export interface ConnectionListener {
  down?(): void;
  up?(): void;
  refused?(refusal: Refusal): void;
  /** An error of the server that names no subject. */
  serverError?(why: string): void;
}

/**
 * One broker's connection over all its reconnects. `epoch` counts the TCP connections, which tells which of the
 * server's answers belong to which of them.
 */
export class Connection implements ClientEvents {
  private connected = true;
  private connections = 0;
  private closing = false;
  private reached: ServerAddress | undefined;
  /** Why the server refused the last try to reconnect. */
  private refusal: string | undefined;
  private readonly listeners = new Set<ConnectionListener>();
  private readonly pings = new InProgress<(error: Error) => void>();

  constructor(
    readonly nc: ClientConnection,
    client: Pick<NatsClient, 'watch'>,
    private readonly io: DriverContext,
    private readonly pongMs: number,
  ) {
    this.reached = connectedServer(nc);
    client.watch(nc, this);
    void this.watchEnd();
  }

  /**
   * Whether what is written now is sent. While disconnected nats.js buffers it, and drops the buffer before it dials
   * (resetOutbound).
   */
  get up(): boolean {
    return this.connected && !this.nc.isClosed();
  }

  /** Incremented at every loss of the connection. */
  get epoch(): number {
    return this.connections;
  }

  /** The server of the newest connection. */
  get server(): ServerAddress | undefined {
    return this.reached;
  }

  listen(listener: ConnectionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Resolves when the server has read everything that was written earlier in the same turn. Rejects if the connection
   * is lost first, or no PONG arrives in time.
   *
   * nats.js's flush says nothing about what was written on an earlier connection, so callers write and call this
   * within one turn of the event loop.
   */
  pong(withinMs = this.pongMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        if (!this.pings.delete(fail)) return;
        cancel();
        end();
      };
      const fail = (error: Error): void => settle(() => reject(error));
      const cancel = this.io.clock.after(withinMs, () =>
        fail(new Error(`The server sent no PONG within ${withinMs} ms`)),
      );
      this.pings.add(fail);
      this.nc.flush().then(
        () => settle(resolve),
        (error: unknown) => fail(asError(error)),
      );
    });
  }

  /** Resolves even if the server is gone. */
  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    await this.nc.close().catch(() => undefined);
    this.lose();
  }

  leaving(): void {
    this.io.log.info(`NATS '${this.io.broker}': the server is shutting down (lame duck mode)`);
  }

  disconnected(): void {
    if (!this.connected) return;
    this.lose();
    if (!this.closing) this.io.state('reconnecting');
  }

  private lose(): void {
    this.connected = false;
    this.connections++;
    const lost = new Error('The connection was lost');
    for (const fail of this.pings) fail(lost);
    for (const listener of [...this.listeners]) listener.down?.();
  }

  reconnected(): void {
    // After a refused dial nats.js runs two dial loops, and the second may replace the connection of the first.
    if (this.connected) this.lose();
    this.connected = true;
    this.refusal = undefined;
    this.reached = connectedServer(this.nc);
    this.io.state('up');
    for (const listener of [...this.listeners]) listener.up?.();
  }

  serverError(why: string): void {
    if (!this.connected) this.refusedDial(why);
    else if (!this.closing) this.io.log.warn(`NATS '${this.io.broker}': the server sent an error: ${why}`);
    for (const listener of [...this.listeners]) listener.serverError?.(why);
  }

  /** Each try to reconnect may be refused: it is told once, and is in health until the connection is back. */
  private refusedDial(why: string): void {
    if (this.closing || why === this.refusal) return;
    this.refusal = why;
    this.io.state('reconnecting', new Error(`the server refused the connection: ${why}`));
  }

  refused(refusal: Refusal): void {
    for (const listener of [...this.listeners]) listener.refused?.(refusal);
  }

  private async watchEnd(): Promise<void> {
    const cause = await this.nc.closed();
    if (this.closing) return;
    this.lose();
    this.io.state('lost', cause instanceof Error ? cause : undefined);
  }
}

/**
 * The server of the connection of now, as it is configured or as the cluster tells of it. nats.js (2.29.3, protocol.ts)
 * resolves the name of a configured one for each dial, but keeps the server itself. The `tlsName` of one of the cluster is
 * the name of another.
 */
export function connectedServer(nc: ClientConnection): ServerAddress | undefined {
  return serverAddress(nc.getServer());
}
