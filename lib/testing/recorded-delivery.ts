import { type DeliveryContext, isRejection, type ObservedDelivery, type WaitsFor } from '../delivery/index.js';
import type { Headers, Incoming, Settlement } from '../driver/index.js';
import type { DeliveryAttempt, DeliveryOutcome, DeliveryRecord } from './delivery-record.js';
import { realNow } from './real-time.js';

type Attempt = { -readonly [K in keyof DeliveryAttempt]: DeliveryAttempt[K] };

/** One delivery as it goes on. */
export class RecordedDelivery {
  attempts: Attempt[] = [];
  /** Real time at which the running call began. */
  runningSince: number | undefined;
  /** When the running call has run for `maxProcessingMs`, by the clock of the brokers. */
  limitAt: number | undefined;
  /** It runs longer than anybody waits for it in real time: only its limit may end it. */
  stuck = false;
  /** What it waits for by the clock. */
  wait: { readonly what: WaitsFor; readonly dueAt: number } | undefined;
  settlement: Settlement | undefined;
  /** By the clock of the brokers. */
  settledAt = 0;
  /** Nothing of it runs any more. */
  over = false;
  lost = false;
  private context: DeliveryContext | undefined;
  /** Given up without being settled: its policy leaves that to others. */
  private left = false;

  constructor(
    readonly delivery: ObservedDelivery,
    /** Its place among all that was published and delivered. */
    readonly order: number,
    /** Which reset it has shown itself after. */
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

  /** Same on every delivery of one message to one handler. */
  get key(): string {
    return JSON.stringify([this.broker, this.handler, this.delivery.binding.source.name, this.incoming.position]);
  }

  /** Of a delivery that is over: whether it comes again, or is still to be settled. */
  get isOpen(): boolean {
    if (typeof this.settlement === 'object') return true;
    return this.settlement === undefined && !this.lost && this.delivery.lane.again !== 'never';
  }

  get headers(): Headers {
    return this.context?.message.headers ?? {};
  }

  /** `now`: by the clock of the brokers. */
  called(context: DeliveryContext, now: number): void {
    const { maxProcessingMs } = this.delivery.binding;
    this.limitAt = maxProcessingMs === undefined ? undefined : now + maxProcessingMs;
    this.stuck = false;
    this.context = context;
    this.runningSince = realNow();
    this.wait = undefined;
    this.over = false;
    const attempt: Attempt = { attempt: context.message.attempt, durationMs: 0 };
    // Most have one, and an array that grows makes room for seventeen.
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

  get outcome(): DeliveryOutcome {
    const { settlement } = this;
    if (typeof settlement === 'object') return 'nacked';
    if (settlement === 'drop') return this.isLostOnItsWay() ? 'failed' : 'rejected';
    if (this.wait?.what === 'hold') return 'nacked';
    if (!this.over) return this.lost ? 'abandoned' : 'pending';
    if (settlement === 'done') return this.error === undefined ? 'acked' : 'failed';
    if (this.lost) return 'abandoned';
    return this.left ? 'failed' : 'pending';
  }

  snapshot(): DeliveryRecord {
    const { incoming, error, attempts } = this;
    return {
      broker: this.broker,
      handler: this.handler,
      source: this.delivery.binding.source.name,
      destination: incoming.address,
      position: incoming.position,
      body: incoming.body,
      payload: this.context?.message.payload,
      headers: this.headers,
      ...(incoming.key !== undefined && { key: incoming.key }),
      outcome: this.outcome,
      attempt: this.last?.attempt ?? 1,
      attempts: attempts.map((attempt) => ({ ...attempt })),
      durationMs: attempts.reduce((sum, { durationMs }) => sum + durationMs, 0),
      carried: incoming.carried === true,
      ...(error !== undefined && { error }),
      causes: causesOf(error),
    };
  }

  /** A source without acknowledgement: nobody rejected it, and nobody brings it back. */
  private isLostOnItsWay(): boolean {
    const { lane, binding } = this.delivery;
    if (lane.again !== 'never' || this.error === undefined) return false;
    return binding.ack !== 'reject-on-error' && !isRejection(this.error);
  }
}

function causesOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one !== undefined && one !== null && !chain.includes(one); one = (one as Error).cause) {
    chain.push(one);
  }
  return chain;
}
