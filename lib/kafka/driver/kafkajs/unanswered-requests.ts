import { eachRequestQueue, type RequestQueue, type SentRequest } from './internals.js';

/** How long an answer may take, in milliseconds, before health tells it. */
const LATE_MS = 5_000;
/**
 * The server answers a join when the whole group has joined, as a member finishes its handlers first: health reports such a
 * rebalance, and only one that takes this much longer says that the server itself is slow.
 */
const JOIN_MS = 5_000;
/**
 * How long after late answers, in milliseconds, others are late soon: a server that freezes again counts as one outage.
 */
const RECOVERY_MS = 10_000;
const LATE_IN_RECOVERY_MS = 500;

/** A time in which one server gave no answers, or late ones. */
interface Stall {
  readonly since: number;
  /** When the last late answer came, or the last request timed out. */
  until: number;
  /** The name of the last late request. */
  api: string;
  /** Requests have timed out, and no answer has come since. */
  isOpen: boolean;
}

/** The server has left a request unanswered for longer than it should. */
interface Late {
  readonly node: string;
  readonly api: string;
  readonly sentAt: number;
  /** Earlier than `sentAt` where other answers were late before. */
  readonly since: number;
}

/**
 * Requests of one kafkajs client whose answer is late. A server that accepts connections and answers nothing (stopped,
 * starved, behind a half-open connection) shows in no event of kafkajs until `requestTimeout`, 30 s by default; its
 * queues know what is pending. They are looked at when health is asked for, and an answer costs one look-up.
 */
export class UnansweredRequests {
  /** Weak, as kafkajs makes new connections when it likes, and emits no event when it drops one. */
  private queues: WeakRef<RequestQueue>[] = [];
  private readonly stalls = new Map<string, Stall>();

  /** @param longPollMs how long the server may wait for messages before it answers a fetch */
  constructor(public longPollMs = 0) {}

  /** Watches all connections that this client makes from now on. */
  watch(kafka: object): void {
    eachRequestQueue(kafka, (queue) => {
      if (isTheKnown(queue)) this.watchQueue(queue);
    });
  }

  /** kafkajs has given a request up; it will repeat it. */
  timedOut(node: string, api: string, sentAt: number): void {
    this.note(node, api, sentAt).isOpen = true;
  }

  /** A sentence for health where an answer is late, of the one that waits longest. */
  issue(): string | undefined {
    const now = Date.now();
    const late = [...this.late(now)].sort((a, b) => a.since - b.since)[0];
    if (late === undefined) return undefined;
    const { node, api, sentAt, since } = late;
    const [request, waited] = [nameOf(api), Math.round((now - sentAt) / 1_000)];
    const from = new Date(since).toISOString();
    return since === sentAt
      ? `Kafka (${node}) has not answered ${request} for ${waited} s (since ${from})`
      : `Kafka (${node}) has answered late or not at all since ${from}: ${request} has waited for ${waited} s`;
  }

  private *late(now: number): Iterable<Late> {
    for (const queue of this.open()) {
      const { broker: node } = queue;
      for (const request of queue.inflight.values())
        if (this.isLate(node, request, now)) {
          const { sentAt, entry } = request;
          const stall = this.recent(node, sentAt);
          const since = stall?.since ?? sentAt;
          yield { node, api: entry.apiName, sentAt: stall?.isOpen === true ? since : sentAt, since };
        }
    }
    // Between a request that has timed out and the next one.
    for (const [node, { isOpen, since, until, api }] of this.stalls)
      if (isOpen && now < until + RECOVERY_MS) yield { node, api, sentAt: since, since };
  }

  private *open(): Iterable<RequestQueue> {
    for (const reference of this.queues) {
      const queue = reference.deref();
      if (queue !== undefined) yield queue;
    }
  }

  private watchQueue(queue: RequestQueue): void {
    this.queues = [...this.open()].map((one) => new WeakRef(one));
    this.queues.push(new WeakRef(queue));
    const { fulfillRequest: original } = queue as { readonly fulfillRequest: unknown } as {
      fulfillRequest: (this: RequestQueue, response: { readonly correlationId: number }) => void;
    };
    queue.fulfillRequest = (response) => {
      this.answered(queue, response.correlationId);
      original.call(queue, response);
    };
  }

  private answered({ broker: node, inflight }: RequestQueue, correlationId: number): void {
    const request = inflight.get(correlationId);
    const now = Date.now();
    if (request !== undefined && this.isLate(node, request, now) && !this.isRebalance(node, request, now))
      this.note(node, request.entry.apiName, request.sentAt);
    if (this.stalls.size === 0) return;
    const stall = this.stalls.get(node);
    if (stall?.isOpen !== true) return;
    stall.isOpen = false;
    stall.until = now;
  }

  /** A join that has waited for other members, while the server answered whatever else it was asked. */
  private isRebalance(
    node: string,
    { entry, sentAt }: SentRequest & { readonly sentAt: number },
    now: number,
  ): boolean {
    return entry.apiName === 'JoinGroup' && now - sentAt < LATE_MS + JOIN_MS && this.recent(node, sentAt) === undefined;
  }

  private isLate(
    node: string,
    request: SentRequest,
    now: number,
  ): request is SentRequest & { readonly sentAt: number } {
    const { sentAt, entry } = request;
    if (sentAt === null) return false;
    const waited = now - sentAt - (entry.apiName === 'Fetch' ? this.longPollMs : 0);
    // The usual case.
    if (waited < LATE_IN_RECOVERY_MS) return false;
    if (this.recent(node, sentAt) !== undefined) return true;
    return waited >= LATE_MS;
  }

  /** The stall that a request sent at that time belongs to. */
  private recent(node: string, sentAt: number): Stall | undefined {
    const stall = this.stalls.get(node);
    return stall !== undefined && (stall.isOpen || sentAt < stall.until + RECOVERY_MS) ? stall : undefined;
  }

  private note(node: string, api: string, sentAt: number): Stall {
    const until = Date.now();
    const stall = this.recent(node, sentAt) ?? { since: sentAt, until, api, isOpen: false };
    stall.until = until;
    stall.api = api;
    this.stalls.set(node, stall);
    return stall;
  }
}

function isTheKnown(queue: Partial<RequestQueue>): queue is RequestQueue {
  const { inflight, fulfillRequest, broker } = queue;
  return inflight instanceof Map && typeof fulfillRequest === 'function' && typeof broker === 'string';
}

const NAMES: Readonly<Record<string, string>> = {
  Fetch: 'a fetch',
  Heartbeat: 'a heartbeat',
  JoinGroup: 'a request to join the group (a rebalance waits for all members)',
  OffsetCommit: 'an offset commit',
  Produce: 'a produce request',
};

/** In words that stand in logs and searches, else by the protocol's name. */
const nameOf = (api: string): string => NAMES[api] ?? `a request (${api})`;
