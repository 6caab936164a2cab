import type { Clock } from '../../../async/index.js';
import type { Connection } from './connection.js';

/** A healthy server answers a PING within milliseconds. */
const PING_EVERY_MS = 2_000;
/** Without a PONG for this long, in milliseconds, health reports an issue. */
const LATE_MS = 5_000;
/** For this long after an outage, in milliseconds, health reports a late PONG earlier: a server that freezes once more is the same outage. */
const RECOVERY_MS = 10_000;
const LATE_IN_RECOVERY_MS = 2_500;

/**
 * Detects a server that accepts connections and does not answer (stopped, starved, behind a half-open connection).
 * nats.js keeps such a connection until two of its own pings are unanswered, up to 60 s with our options; meanwhile a
 * reader cannot tell that server from one without messages.
 */
export class PingWatch {
  private answeredAt: number;
  private isAsking = false;
  /** The first late answer of an outage, and when the last of them came. */
  private outage: { readonly since: number; readonly until: number } | undefined;
  private cancel: (() => void) | undefined;
  private readonly stopListening: () => void;

  constructor(
    private readonly connection: Pick<Connection, 'pong' | 'up' | 'listen'>,
    private readonly clock: Clock,
  ) {
    this.answeredAt = clock.now();
    // A lost connection is reported as such, so a new one starts as answered.
    this.stopListening = connection.listen({
      up: () => {
        this.answeredAt = this.clock.now();
      },
    });
    this.schedule();
  }

  /** For health: undefined while the server answers, or there is no connection. */
  get issue(): string | undefined {
    const silentMs = this.clock.now() - this.answeredAt;
    if (!this.connection.up || !this.isLate(silentMs)) return undefined;
    const waited = `for ${Math.round(silentMs / 1_000)} s`;
    const { recent } = this;
    return recent === undefined
      ? `NATS has not answered a PING ${waited} (since ${timeOf(this.answeredAt)})`
      : `NATS has answered late or not at all since ${timeOf(recent.since)}: no PONG ${waited}`;
  }

  close(): void {
    this.cancel?.();
    this.stopListening();
  }

  private schedule(): void {
    this.cancel = this.clock.after(PING_EVERY_MS, () => {
      if (this.connection.up && !this.isAsking) void this.ask();
      this.schedule();
    });
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    try {
      await this.connection.pong(Infinity);
      this.answered();
    } catch {
      // The connection was lost.
    } finally {
      this.isAsking = false;
    }
  }

  private answered(): void {
    const now = this.clock.now();
    if (this.isLate(now - this.answeredAt)) this.outage = { since: this.recent?.since ?? this.answeredAt, until: now };
    this.answeredAt = now;
  }

  private isLate(silentMs: number): boolean {
    return silentMs >= (this.recent === undefined ? LATE_MS : LATE_IN_RECOVERY_MS);
  }

  /** The outage that a silence since the last answer belongs to. */
  private get recent(): { readonly since: number } | undefined {
    return this.outage !== undefined && this.answeredAt < this.outage.until + RECOVERY_MS ? this.outage : undefined;
  }
}

const timeOf = (ms: number): string => new Date(ms).toISOString();
