import type { Incoming, Settlement } from '../driver/index.js';
import { comesAgainInMs, retryDelayMs } from './backoff.js';
import type { LaneOwner } from './lane-owner.js';
import { isRejection } from './rejection.js';

/** Milliseconds until the next call; or how it is settled; or that it is left unsettled. */
export type Verdict = number | Settlement | 'leave';

/** Judges the failures of one delivery: in-place retries first, then the ack policy. */
export class Verdicts {
  // Made after the first call.
  private calls = 1;
  private callsOfRound = 1;
  private rounds = 0;

  constructor(
    private readonly owner: LaneOwner,
    private readonly incoming: Incoming,
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
    if (what === 'call' && this.mayRetry(error)) return retryDelayMs(binding.retry, this.callsOfRound);
    return this.final(error);
  }

  /** The lane ended while it waited for a further call. */
  interrupted(error: Error): Settlement | 'leave' {
    if (this.owner.lane.again !== 'never') return 'leave';
    this.lost(error);
    return 'drop';
  }

  /** Counts and tells a message that will not come again. */
  dropped(reason: string): void {
    const { host } = this.owner;
    host.counts.rejected++;
    host.log.warn(`${this.named()}: dropped, ${reason}`);
  }

  private mayRetry(error: Error): boolean {
    const { retry } = this.owner.binding;
    if (this.owner.ending || this.callsOfRound >= retry.attempts || cannotSucceed(error)) return false;
    return retry.retryIf?.(error) ?? true;
  }

  private final(error: Error): Verdict {
    switch (this.owner.binding.ack) {
      case 'nack-on-error':
        return this.again(error);
      case 'reject-on-error':
        return this.reject(error);
      default:
        this.tell(error, 'left as it is');
        return 'leave';
    }
  }

  private again(error: Error): Verdict {
    const { again } = this.owner.lane;
    if (again === 'never') {
      this.lost(error);
      return 'drop';
    }
    const round = again === 'server' ? this.incoming.deliveries : ++this.rounds;
    const inMs = comesAgainInMs(round);
    this.callsOfRound = 0;
    this.tell(error, `not acknowledged, comes again in ${String(inMs)} ms`);
    if (again === 'hold' || cannotSucceed(error)) this.ail(error);
    return again === 'server' ? { againInMs: inMs } : inMs;
  }

  /** A failure that cannot succeed stands until somebody acts: health says so, and the message names the remedy. */
  private ail(error: Error): void {
    this.owner.host.ailments.set(this.incoming.position, `${this.named()} waits to come again: ${error.message}`);
  }

  private reject(error: Error): Verdict {
    this.owner.host.counts.rejected++;
    this.tell(error, 'rejected');
    return 'drop';
  }

  private lost(error: Error): void {
    this.owner.host.counts.rejected++;
    this.tell(error, 'lost, as this source has no acknowledgement');
  }

  private tell(error: Error, fate: string): void {
    this.owner.host.log.error(`${this.named()} failed after ${String(this.calls)} call(s): ${fate}`, error);
  }

  private named(): string {
    const { binding, lane } = this.owner;
    return `${binding.handler} on ${lane.name} of broker '${binding.broker}' (${this.incoming.position})`;
  }
}

function cannotSucceed(error: Error): boolean {
  return (error as { retryable?: unknown }).retryable === false;
}
