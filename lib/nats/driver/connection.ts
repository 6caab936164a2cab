import type { NatsConnection, Status } from 'nats';

import type { Io } from '../../driver/index.js';
import { asError } from '../../errors/index.js';

/** What the server refused: `subject` is as it was written. */
export interface Refusal {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
}

/** Told in the order of registration. */
export interface ConnectionListener {
  down?(): void;
  up?(): void;
  refused?(refusal: Refusal): void;
  /** Another error of the server, which does not say what it is about. */
  complained?(why: string): void;
}

/**
 * One broker's connection over all its reconnects. It knows which of the server's answers belong to which TCP
 * connection: `epoch` counts them.
 */
export class Connection {
  private connected = true;
  private connections = 0;
  private closing = false;
  private readonly listeners = new Set<ConnectionListener>();
  private readonly pings = new Set<(error: Error) => void>();

  constructor(
    readonly nc: NatsConnection,
    private readonly io: Io,
    private readonly pongMs: number,
  ) {
    void this.watch();
    void this.watchEnd();
  }

  /**
   * Whether what is written now goes out: nats.js keeps the rest in memory and drops it before it dials
   * (resetOutbound).
   */
  get up(): boolean {
    return this.connected && !this.nc.isClosed();
  }

  /** Grows with every loss of the connection. */
  get epoch(): number {
    return this.connections;
  }

  listen(listener: ConnectionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Resolves when the server has read all that was written in the same turn before this call. Rejects when the
   * connection was lost first, or no PONG came in time.
   *
   * nats.js's own flush alone says nothing of what was written on an earlier connection, so a caller writes and
   * calls this without a turn of the loop between.
   */
  pong(withinMs = this.pongMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        if (!this.pings.delete(fail)) return;
        cancel();
        end();
      };
      const fail = (error: Error): void => {
        settle(() => {
          reject(error);
        });
      };
      const cancel = this.io.clock.after(withinMs, () => {
        fail(new Error(`The server sent no PONG within ${withinMs} ms`));
      });
      this.pings.add(fail);
      this.nc.flush().then(
        () => {
          settle(resolve);
        },
        (error: unknown) => {
          fail(asError(error));
        },
      );
    });
  }

  /** Resolves although the server is gone. */
  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    await this.nc.close().catch(() => undefined);
    this.lose();
  }

  private async watch(): Promise<void> {
    for await (const status of this.nc.status()) this.read(status);
  }

  private read(status: Status): void {
    switch (status.type as string) {
      case 'disconnect':
        this.disconnected();
        break;
      case 'reconnect':
        this.reconnected();
        break;
      case 'error':
        this.complained(status);
        break;
      case 'ldm':
        this.io.log.info(`NATS '${this.io.broker}': the server ends soon (lame duck mode)`);
        break;
      default:
        break;
    }
  }

  private disconnected(): void {
    if (!this.connected) return;
    this.lose();
    if (!this.closing) this.io.state('reconnecting');
  }

  private lose(): void {
    this.connected = false;
    this.connections++;
    const lost = new Error('The connection was lost');
    for (const fail of [...this.pings]) fail(lost);
    for (const listener of [...this.listeners]) listener.down?.();
  }

  private reconnected(): void {
    // A refused dial makes nats.js dial in two loops, of which the second may replace what the first has connected.
    if (this.connected) this.lose();
    this.connected = true;
    this.io.state('up');
    for (const listener of [...this.listeners]) listener.up?.();
  }

  private complained({ data, permissionContext: context }: Status): void {
    if (context === undefined) {
      const why = this.wordsOf(data) ?? describe(data);
      if (!this.closing) this.io.log.warn(`NATS '${this.io.broker}': the server sent an error: ${why}`);
      for (const listener of [...this.listeners]) listener.complained?.(why);
      return;
    }
    const operation = context.operation === 'publish' ? 'publish' : 'subscription';
    for (const listener of [...this.listeners]) listener.refused?.({ operation, subject: context.subject });
  }

  /** What the server said, where that was its last error: the status has no more than a code for all of them. */
  private wordsOf(code: Status['data']): string | undefined {
    const { protocol } = this.nc as NatsConnection & { readonly protocol?: { readonly lastError?: unknown } };
    const last = protocol?.lastError;
    return last instanceof Error && 'code' in last && last.code === code ? last.message : undefined;
  }

  private async watchEnd(): Promise<void> {
    const cause = await this.nc.closed();
    if (this.closing) return;
    this.lose();
    this.io.state('lost', cause instanceof Error ? cause : undefined);
  }
}

/** Of an error the code. */
function describe(data: Status['data']): string {
  return typeof data === 'object' ? JSON.stringify(data) : String(data);
}
