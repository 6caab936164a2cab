/** How long an answer may take, in milliseconds, before health tells it. */
const LATE_MS = 5_000;
/**
 * How long after late answers, in milliseconds, others are late soon: a server that freezes again counts as one outage.
 */
const RECOVERY_MS = 10_000;
const LATE_IN_RECOVERY_MS = 500;

interface Request {
  readonly what: string;
  readonly sentAt: number;
  /** How long the server may take for it, besides. */
  readonly allowedMs: number;
}

/** A time in which the server gave no answers, or late ones. */
interface Stall {
  readonly since: number;
  /** When the last late answer came, or the last request timed out. */
  readonly until: number;
  readonly what: string;
  /** A request has timed out, and no answer has come since. */
  readonly isOpen: boolean;
}

/**
 * Requests that the server has not answered. One that accepts connections and answers nothing (stopped, starved, behind a
 * half-open connection) shows in no event of the client until `requestTimeout`, 30 s by default.
 */
export class PendingRequests {
  private readonly pending = new Set<Request>();
  private stall: Stall | undefined;

  constructor(private readonly server: string | undefined) {}

  /** Resolves or rejects as the request does. */
  async watch<T>(what: string, request: Promise<T>, allowedMs = 0): Promise<T> {
    const one: Request = { what, sentAt: Date.now(), allowedMs };
    this.pending.add(one);
    try {
      const answer = await request;
      if (this.isLate(one, Date.now())) this.note(one, false);
      this.answered();
      return answer;
    } catch (thrown) {
      if (isTimeout(thrown)) this.note(one, true);
      throw thrown;
    } finally {
      this.pending.delete(one);
    }
  }

  /** The server has answered something. */
  answered(): void {
    if (this.stall?.isOpen === true) this.stall = { ...this.stall, isOpen: false, until: Date.now() };
  }

  /** A sentence for health, of the one that waits longest. */
  issue(): string | undefined {
    const now = Date.now();
    const [late] = [...this.pending].filter((one) => this.isLate(one, now)).sort((a, b) => a.sentAt - b.sentAt);
    const stall = this.recent(now);
    if (late === undefined) return stall?.isOpen === true ? this.sentence(stall.what, stall.since, now) : undefined;
    if (stall === undefined || stall.isOpen) return this.sentence(late.what, stall?.since ?? late.sentAt, now);
    const [waited, since] = [Math.round((now - late.sentAt) / 1_000), new Date(stall.since).toISOString()];
    return `Kafka (${this.node}) has answered late or not at all since ${since}: ${late.what} has waited for ${waited} s`;
  }

  private isLate({ sentAt, allowedMs, what }: Request, now: number): boolean {
    const waited = now - sentAt - allowedMs;
    return waited >= (this.recent(sentAt) === undefined || what === JOIN ? LATE_MS : LATE_IN_RECOVERY_MS);
  }

  /** The stall that a request sent at that time belongs to. */
  private recent(sentAt: number): Stall | undefined {
    const { stall } = this;
    return stall !== undefined && (stall.isOpen || sentAt < stall.until + RECOVERY_MS) ? stall : undefined;
  }

  /** A join is answered when all members have joined: that one is late says nothing of the server. */
  private note({ what, sentAt }: Request, isOpen: boolean): void {
    if (what === JOIN && !isOpen) return;
    this.stall = { since: this.recent(sentAt)?.since ?? sentAt, until: Date.now(), what, isOpen };
  }

  private get node(): string {
    return this.server ?? 'the cluster';
  }

  private sentence(what: string, since: number, now: number): string {
    const waited = Math.round((now - since) / 1_000);
    return `Kafka (${this.node}) has not answered ${what} for ${waited} s (since ${new Date(since).toISOString()})`;
  }
}

export const JOIN = 'a request to join the group (a rebalance waits for all members)';

const isTimeout = (thrown: unknown): boolean => thrown instanceof Error && /timed out/.test(thrown.message);
