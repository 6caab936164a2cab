import { doubled } from '../async/index.js';
import type { Incoming } from '../driver/index.js';
import type { Binding } from './binding.js';

const FIRST_REDELIVERY_MS = 1_000;
const LONGEST_REDELIVERY_MS = 30_000;
const FIRST_PUBLISH_RETRY_MS = 50;
const LONGEST_PUBLISH_RETRY_MS = 2_000;

/** How long a failed message waits before it is redelivered: 1 s, doubling to 30 s. `round` counts from 1. */
export function redeliveryDelayMs(round: number): number {
  return doubled(FIRST_REDELIVERY_MS, round, LONGEST_REDELIVERY_MS);
}

/** How long a publish waits before it is retried: 50 ms, doubling to 2 s. `tries` counts from 1. */
export function publishRetryDelayMs(tries: number): number {
  return doubled(FIRST_PUBLISH_RETRY_MS, tries, LONGEST_PUBLISH_RETRY_MS);
}

/** How long a retry in place waits after the `call`-th call (from 1) failed, in milliseconds. */
export function retryDelayMs(retry: Binding['retry'], call: number): number {
  // 0 times an Infinity of many calls is no number.
  const planned = retry.delayMs === 0 ? 0 : Math.min(retry.delayMs * retry.factor ** (call - 1), retry.maxDelayMs);
  return planned * (1 - retry.jitter * Math.random());
}

/** An error that says of itself that no further attempt can succeed. */
export function cannotSucceed(error: Error): boolean {
  return (error as { retryable?: unknown }).retryable === false;
}

/**
 * The number of an attempt: the calls in this process, and those that earlier deliveries of the message may have made.
 */
export function attemptOf({ deliveryCount }: Incoming, { retry }: Binding, call: number): number {
  return (deliveryCount - 1) * retry.attempts + call;
}

/** The calls of the handler for one message in this process. A round ends when the retries in place are used up. */
export class Attempts {
  // Made after the first call.
  private total = 1;
  private ofRound = 1;
  private held = 0;

  /** Calls of the handler so far, the running one included. */
  get calls(): number {
    return this.total;
  }

  /** Of these, the calls of this round: the first one and its retries in place. */
  get callsOfRound(): number {
    return this.ofRound;
  }

  /** How often the message was held at the head of its lane. */
  get holds(): number {
    return this.held;
  }

  /** A call begins; returns its number. */
  begin(): number {
    this.ofRound++;
    return ++this.total;
  }

  /** The next call is a part of one that has failed as a whole: it does not count against the retries in place. */
  uncounted(): void {
    this.ofRound--;
  }

  /** The message is held: its next call begins a new round. */
  hold(): void {
    this.held++;
    this.newRound();
  }

  /** The next call may be retried in place as often as the first one. */
  newRound(): void {
    this.ofRound = 0;
  }
}
