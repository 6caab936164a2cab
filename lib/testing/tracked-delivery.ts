import {
  type DeliveryContext,
  isRejection,
  type ObservedDelivery,
  type SentLetter,
  type WaitsFor,
} from '../delivery/index.js';
import type { Headers, Incoming, Settlement } from '../driver/index.js';
import type { DeliveryAttempt, DeliveryOutcome, DeliveryRecord, ParkedLetter } from './delivery-record.js';
import { asPublished } from './published-message.js';
import { realNow } from '../async/index.js';

type Attempt = { -readonly [K in keyof DeliveryAttempt]: DeliveryAttempt[K] };

/** What is told of a delivery that nothing more is recorded of. */
type Told = Pick<ObservedDelivery, 'broker' | 'binding' | 'subscribed' | 'lane' | 'incoming'>;

/** The record of a delivery while it proceeds. */
export class TrackedDelivery {
  attempts: Attempt[] = [];
  /** Real time at which the running call started. */
  runningSince: number | undefined;
  /** When the running call reaches `maxProcessingMs`, by the clock of the brokers. */
  limitAt: number | undefined;
  /** It has run longer than a wait in real time takes: only its time limit may end it. */
  stuck = false;
  /** The retry or hold that it waits for, by the clock. */
  wait: { readonly what: WaitsFor; readonly dueAt: number } | undefined;
  settlement: Settlement | undefined;
  /** Where the message was parked. */
  letter: SentLetter | undefined;
  /** By the clock of the brokers. */
  settledAt = 0;
  /** It has ended. */
  over = false;
  lost = false;
  private message: DeliveryContext['message'] | undefined;
  /** Given up without a settlement, as its ack policy demands. */
  private left = false;

  constructor(
    public delivery: Told & { readonly batchSize?: number },
    /** Its number in the order of all publishes and deliveries. */
    readonly order: number,
    /** Number of resets before its last event. */
    public life: number,
  ) {}

  get incoming(): Incoming {
    return this.delivery.incoming;
  }

  get broker(): string {
    return this.delivery.broker.name;
  }

  get handler(): string {
    return this.delivery.binding.handler;
  }

  get last(): Attempt | undefined {
    return this.attempts.at(-1);
  }

  get error(): Error | undefined {
    return this.last?.error;
  }

  /** Same on every delivery of one message to one handler, or to those that share its source. */
  get key(): string {
    const { handler, source } = this.delivery.subscribed;
    return JSON.stringify([this.broker, handler, source.name, this.incoming.position]);
  }

  /** For an ended delivery: whether it will be redelivered, or is still to be settled. */
  get isOpen(): boolean {
    if (typeof this.settlement === 'object') return true;
    return this.settlement === undefined && !this.lost && this.delivery.lane.redelivery !== 'none';
  }

  get headers(): Headers {
    return this.message?.headers ?? {};
  }

  /** `now`: by the clock of the brokers. */
  called(context: DeliveryContext, now: number): void {
    const { maxProcessingMs } = this.delivery.binding;
    this.limitAt = maxProcessingMs === undefined ? undefined : now + maxProcessingMs;
    this.stuck = false;
    this.message = context.message;
    this.runningSince = realNow();
    this.wait = undefined;
    this.over = false;
    const attempt: Attempt = { attempt: context.message.attempt, durationMs: 0 };
    if (this.delivery.batchSize !== undefined) attempt.batchSize = this.delivery.batchSize;
    // Most deliveries have one attempt, and an array that grows allocates room for 17.
    if (this.attempts.length === 0) this.attempts = [attempt];
    else this.attempts.push(attempt);
  }

  callOver(): void {
    if (this.last !== undefined && this.runningSince !== undefined)
      this.last.durationMs = realNow() - this.runningSince;
    this.runningSince = undefined;
  }

  failed(error: Error, left: boolean): void {
    this.left = left;
    if (this.last !== undefined) this.last.error = error;
  }

  waits(what: WaitsFor, ms: number, now: number): void {
    this.wait = { what, dueAt: now + ms };
    if (this.last !== undefined) this.last.nextInMs = ms;
  }

  /**
   * Nothing more is recorded of it. The record is kept until the test's reset, the delivery with its attempts, their
   * async scopes and signals is not: on twins the garbage collector took a third of the time to copy them.
   */
  close(): void {
    const { broker, binding, subscribed, lane, incoming } = this.delivery;
    this.delivery = { broker, binding, subscribed, lane, incoming };
  }

  get outcome(): DeliveryOutcome {
    const { settlement } = this;
    if (this.letter !== undefined) return 'dead-lettered';
    if (typeof settlement === 'object') return 'nacked';
    if (settlement === 'reject') return this.isLostOnItsWay() ? 'failed' : 'rejected';
    if (this.wait?.what === 'hold') return 'nacked';
    if (!this.over) return this.lost ? 'abandoned' : 'pending';
    if (settlement === 'ack') return this.error === undefined ? 'acked' : 'failed';
    if (this.lost) return 'abandoned';
    return this.left ? 'failed' : 'pending';
  }

  snapshot(): DeliveryRecord {
    const { incoming, error, attempts, letter } = this;
    return {
      broker: this.broker,
      handler: this.handler,
      source: this.delivery.binding.source.name,
      destination: incoming.address,
      position: incoming.position,
      body: incoming.body,
      payload: this.message?.payload,
      headers: this.headers,
      ...(incoming.key !== undefined && { key: incoming.key }),
      ...(letter !== undefined && { letter: parkedLetter(letter) }),
      outcome: this.outcome,
      attempt: this.last?.attempt ?? 1,
      attempts: attempts.map((attempt) => ({ ...attempt })),
      durationMs: attempts.reduce((sum, { durationMs }) => sum + durationMs, 0),
      carried: incoming.carried === true,
      ...(error !== undefined && { error }),
      causes: causesOf(error),
    };
  }

  /** Failed on a source without acknowledgements: it is neither rejected nor redelivered. */
  private isLostOnItsWay(): boolean {
    const { lane, binding } = this.delivery;
    if (lane.redelivery !== 'none' || this.error === undefined) return false;
    return binding.ack !== 'reject-on-error' && !isRejection(this.error);
  }
}

function parkedLetter({ broker, to, message, position }: SentLetter): ParkedLetter {
  const placed = position === undefined ? {} : { position };
  return { broker, body: message.body, ...placed, ...asPublished(message, to.address) };
}

function causesOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one !== undefined && one !== null && !chain.includes(one); one = (one as Error).cause) {
    chain.push(one);
  }
  return chain;
}
