import type { Incoming, LogFields, Settlement } from '../driver/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';
import { comesAgainInMs, retryDelayMs } from './backoff.js';
import type { DeliveredMessage } from './delivered-message.js';
import type { WaitsFor } from './delivery-observer.js';
import type { LaneOwner } from './lane-owner.js';
import { logFields } from './log-fields.js';
import { isRejection } from './rejection.js';

/**
 * Milliseconds until the next call; or how it is settled. Unsettled it is left when others will handle it again
 * (`leave`), or when its policy leaves settling to the user or did it before (`failed`).
 */
export type Verdict = number | Settlement | 'leave' | 'failed';

/**
 * A server's message may be mended elsewhere, with nobody to tell it here: health forgets it so long after it was
 * due.
 */
const FORGET_MS = 120_000;

/** Judges the failures of one delivery: in-place retries first, then the ack policy. */
export class Verdicts {
  // Made after the first call.
  private calls = 1;
  private callsOfRound = 1;
  private rounds = 0;
  /** Of a verdict in milliseconds. */
  waitsFor: WaitsFor = 'retry';

  constructor(
    private readonly owner: LaneOwner,
    private readonly incoming: Incoming,
    /** As the newest attempt sees it, while there is one. */
    private readonly message: () => DeliveredMessage | undefined,
  ) {}

  /** The number, in this process, of the call that now begins. */
  nextCall(): number {
    this.callsOfRound++;
    return ++this.calls;
  }

  /** What follows a failed call; or a publish that will not succeed, for which the handler is not called in place. */
  of(error: Error, what: 'call' | 'publish'): Verdict {
    const { binding, host } = this.owner;
    host.counts.failed++;
    if (isRejection(error)) return this.reject(error);
    if (what === 'publish' || !this.mayRetry(error)) return this.final(error);
    this.waitsFor = 'retry';
    return retryDelayMs(binding.retry, this.callsOfRound);
  }

  /** The lane ended while it waited for a further call: whoever reads next calls again. */
  interrupted(error: Error): Settlement | 'leave' {
    if (this.owner.lane.again === 'never') return this.lost(error);
    this.tell(error, 'not acknowledged, as its lane ended before the next call');
    return 'leave';
  }

  /** Its subscription is paused while it waits for a further call: other replicas may have it, or it comes later. */
  paused(error: Error, dueAt: number): Settlement {
    const againInMs = Math.max(0, dueAt - this.owner.host.clock.now());
    this.tell(error, `not acknowledged, as its subscription is paused; comes again in ${String(againInMs)} ms`);
    return { againInMs };
  }

  /** The user's nack begins a new round: it may be retried in place as often as at first. */
  newRound(): void {
    this.callsOfRound = 0;
  }

  /** The handler failed after it had settled the message: nothing follows. */
  afterSettlement(error: Error): void {
    this.owner.host.counts.failed++;
    this.tell(error, 'its handler had settled it before');
  }

  /** A filter gave nothing: it has dealt with the failure, and nothing follows. */
  dealtWith(error: Error): void {
    const { host } = this.owner;
    host.counts.failed++;
    host.log.warn(`${this.named()} failed, and its filter dealt with it: ${error.message}`, this.fields(error));
  }

  /** A filter has settled it, which is no mistake: who settles knows of the failure. */
  settledByFilter(error: Error): void {
    const { host } = this.owner;
    host.counts.failed++;
    host.log.warn(`${this.named()} failed, and its filter settled it by hand: ${error.message}`, this.fields(error));
  }

  /**
   * Settled by hand once the server had delivered it again. Told and not thrown: whoever is late by a moment settles
   * from a timer or an event, where an error would end the process.
   */
  tooLate(): void {
    this.owner.host.log.warn(`${this.named()}: settled too late by hand, as the server has delivered it again`);
  }

  /** Counts and tells a message that will not come again. */
  dropped(reason: string): Error {
    const { host, binding } = this.owner;
    host.counts.rejected++;
    const { broker, handler } = binding;
    const error = new MultiBrokerError('MULTI_BROKER_REJECTED', `A message was rejected: ${reason}`, {
      broker,
      handler,
    });
    host.log.warn(`${this.named()}: dropped, ${reason}`, this.fields(error));
    return error;
  }

  private mayRetry(error: Error): boolean {
    const { retry } = this.owner.binding;
    if (this.callsOfRound >= this.attempts || cannotSucceed(error)) return false;
    try {
      return retry.retryIf?.(error) ?? true;
    } catch (thrown) {
      const failure = asError(thrown);
      this.owner.host.log.error(`${this.named()}: retryIf failed`, failure, this.fields(failure));
      return false;
    }
  }

  /** Who is told of the failure by core NATS would wait for all of them, and can ask again. */
  private get attempts(): number {
    const { incoming, owner } = this;
    const { retry, requests } = owner.binding;
    if (requests === undefined || owner.lane.again !== 'never' || incoming.replyTo === undefined) return retry.attempts;
    return owner.responder.answersFailures(incoming) ? requests.attempts : retry.attempts;
  }

  private final(error: Error): Verdict {
    switch (this.owner.binding.ack) {
      case 'nack-on-error':
        return this.again(error);
      case 'reject-on-error':
        return this.reject(error);
      default:
        this.tell(error, 'left as it is');
        return 'failed';
    }
  }

  private again(error: Error): Verdict {
    const { again } = this.owner.lane;
    if (again === 'never') return this.lost(error);
    const inMs = comesAgainInMs(again === 'server' ? this.incoming.deliveries : ++this.rounds);
    this.newRound();
    this.waitsFor = 'hold';
    this.tell(error, `not acknowledged, comes again in ${String(inMs)} ms`);
    if (again === 'hold') this.ail(error);
    else if (cannotSucceed(error)) this.ail(error, inMs + FORGET_MS);
    return again === 'server' ? { againInMs: inMs } : inMs;
  }

  /** A failure that cannot succeed stands until somebody acts: health says so, and the message names the remedy. */
  private ail(error: Error, forMs?: number): void {
    const what = `${this.named()} waits to come again: ${error.message}`;
    this.owner.host.ailments.set(this.incoming.position, what, forMs);
  }

  private reject(error: Error): 'drop' {
    const { binding, host } = this.owner;
    host.counts.rejected++;
    host.rejections.set(binding, `${this.named()} was rejected: ${error.message}`, FORGET_MS);
    this.tell(error, 'rejected');
    return 'drop';
  }

  private lost(error: Error): 'drop' {
    this.owner.host.counts.rejected++;
    this.tell(error, 'lost, as this source has no acknowledgement');
    return 'drop';
  }

  private tell(error: Error, fate: string): void {
    const what = `${this.named()} failed after ${String(this.calls)} call(s): ${fate}`;
    this.owner.host.log.error(what, error, this.fields(error));
  }

  private fields(error: Error): LogFields {
    const correlationId = this.message()?.correlationId;
    return logFields(this.incoming, this.owner.binding, { call: this.calls, error, correlationId });
  }

  private named(): string {
    const { binding, lane } = this.owner;
    return `${binding.handler} on ${lane.name} of broker '${binding.broker}' (${this.incoming.position})`;
  }
}

function cannotSucceed(error: Error): boolean {
  return (error as { retryable?: unknown }).retryable === false;
}
