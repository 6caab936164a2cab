import { type Clock, systemClock } from '../async/index.js';
import type { Incoming, Lane } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { InFlightDelivery } from './in-flight.js';

/** A lane that moves on sooner is merely busy. */
const TOLD_AFTER_MS = 5_000;

/** The state of a lane, for health. */
export interface LaneState {
  readonly lane: Lane;
  readonly clock: Clock;
  /** No further handler begins before something is settled. */
  readonly isFull: boolean;
  /** Nothing runs, and nothing more is fetched: all that wait do so for others of their key. */
  readonly isCrowded: boolean;
  /** Nothing of it runs: only the handler's own settlements let it move on. */
  readonly isIdle: boolean;
  /** Running calls. */
  readonly calls: number;
  /** Messages begun since the oldest open one, itself included, and the number of unsettled ones. */
  readonly span: number;
  readonly unsettled: number;
  /** Messages that wait for their call, and those of them that wait for nothing but a free caller. */
  readonly waiting: number;
  readonly ready: number;
  /** Messages that wait for the call that has run longest. */
  readonly behind: number;
  readonly oldest: InFlightDelivery | undefined;
  /** The delivery of the call that has run longest. */
  readonly latest: InFlightDelivery | undefined;
  /** Since when nothing more could be begun. */
  readonly stoodSince: number;
  /** When that call began. */
  readonly calledAt: number;
}

/**
 * Why a lane is stalled: its window is full of messages that are handled and not settled, so that no further handler
 * begins. Names the oldest of them: nothing behind it is committed, or handled, before it is settled.
 */
export function stalledLane(state: LaneState): string | undefined {
  const { lane, clock, oldest, ready, isFull, isCrowded, isIdle } = state;
  const byBytes = !isFull && ready === 0 && state.calls === 0 ? lane.fullBy : undefined;
  if (oldest === undefined || (!isFull && !isCrowded && byBytes === undefined)) return undefined;
  if (!isIdle && clock.now() - state.stoodSince < TOLD_AFTER_MS) return undefined;
  const until = isFull && lane.redelivery === 'in-place' ? 'it is settled' : 'some are settled';
  return (
    `${oldest.binding.handler} has been stalled on ${lane.name} since ${timeOf(state.stoodSince)}: the oldest unsettled message, ` +
    `${nameOf(oldest)}, ${oldest.waitsFor}. ${countOf(state)}${byBytes === undefined ? '' : ` (${byBytes})`}: ` +
    `nothing more is handled before ${until}`
  );
}

/** A call that takes long while messages wait behind it: worth knowing, and no degradation. */
export function slowCall(state: LaneState): string | undefined {
  const { lane, clock, behind, isFull, latest, calledAt, calls } = state;
  if (behind === 0 || isFull || latest === undefined || clock.now() - calledAt < TOLD_AFTER_MS) return undefined;
  const what = `${latest.binding.handler} has been handling ${nameOf(latest)} of ${lane.name} since ${timeOf(calledAt)}`;
  const beside = calls > 1 ? `, beside ${String(calls - 1)} other call(s)` : '';
  return `${what}${beside}: it ${latest.waitsFor}; ${String(behind)} message(s) wait behind it`;
}

/** A message whose filter has given a promise, which nothing behind it passes. */
export interface Undecided {
  readonly message: Incoming;
  readonly since: number;
}

/** A filter that takes long to decide, before any handler is called. */
export function slowFilter({ message, since }: Undecided, { lane, clock, waiting }: LaneState): string | undefined {
  if (clock.now() - since < TOLD_AFTER_MS) return undefined;
  const what = `a filter has been deciding who takes ${nameOf({ incoming: message })} of ${lane.name} since ${timeOf(since)}`;
  return `${what}; ${String(waiting - 1)} message(s) wait behind it`;
}

/** A handler that takes most of a lease: the messages that waited behind it went to other replicas. */
export function overdueMessage({ handler }: Binding, { name }: Lane, givenBack: number): string {
  const what = `${handler} has been handling one message of ${name} for most of its lease (ack_wait) or longer`;
  return `${what}: nothing more is fetched before it is done, and ${String(givenBack)} message(s) were returned to the server`;
}

function countOf({ unsettled, span, lane, isFull, isCrowded, waiting }: LaneState): string {
  if (isCrowded && !isFull) return `${String(waiting)} messages wait for others of their key, the most that it keeps`;
  if (lane.redelivery !== 'in-place' || span <= unsettled)
    return `${String(unsettled)} messages are handled and not settled`;
  return `${String(span)} messages were handled from it on, and ${String(unsettled)} of them not settled`;
}

function nameOf({ incoming }: Pick<InFlightDelivery, 'incoming'>): string {
  return incoming.location ?? incoming.position;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** The most issues that are kept: health is read by people. */
const MOST = 20;

interface HealthIssue {
  readonly what: string;
  readonly until: number;
}

/** Reasons why a broker is degraded, by what they are about; shown in health until they are cleared. */
export class HealthIssues {
  /** Checked first where making the key would cost something. A field, as it is read for each message. */
  any = false;
  private readonly known = new Map<unknown, HealthIssue>();

  constructor(private readonly clock: Pick<Clock, 'now'> = systemClock) {}

  /** @param forMs after which it is forgotten, where another process may resolve it */
  set(about: unknown, what: string, forMs = Infinity): void {
    if (this.known.size >= MOST) this.forgetOver();
    if (!this.known.has(about) && this.known.size >= MOST) return;
    this.known.set(about, { what, until: this.clock.now() + forMs });
    this.any = true;
  }

  clear(about: unknown): void {
    this.known.delete(about);
    this.any = this.known.size > 0;
  }

  list(): readonly string[] {
    this.forgetOver();
    return Array.from(this.known.values(), ({ what }) => what);
  }

  private forgetOver(): void {
    const now = this.clock.now();
    for (const [about, { until }] of this.known) if (until <= now) this.clear(about);
  }
}
