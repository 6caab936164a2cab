import type { Clock, Lane } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { Settling } from './settling.js';

/** A lane that goes on sooner is merely busy. */
const TOLD_AFTER_MS = 5_000;

/** How a lane is, for who looks at it. */
export interface LaneState {
  readonly lane: Lane;
  readonly binding: Binding;
  readonly clock: Clock;
  /** No further handler begins before something is settled. */
  readonly isFull: boolean;
  /** Nothing of it runs, so that it goes on by nobody but the user. */
  readonly isIdle: boolean;
  readonly calling: boolean;
  /** Begun since the oldest that is open, itself included, and how many of these are open. */
  readonly span: number;
  readonly unsettled: number;
  readonly waiting: number;
  readonly oldest: Settling | undefined;
  /** The one whose handler was called last. */
  readonly latest: Settling | undefined;
  /** When nothing more could be begun. */
  readonly stoodSince: number;
  /** When a handler was called last. */
  readonly calledAt: number;
}

/**
 * Why a lane stands: so many are handled and not settled that no further handler begins. Names the oldest of them, as
 * nothing behind it is committed, or handled, before it is settled.
 */
export function standstill(state: LaneState): string | undefined {
  const { lane, binding, clock, oldest, waiting, isFull, isIdle } = state;
  const byBytes = !isFull && waiting === 0 && !state.calling ? lane.fullBy : undefined;
  if (oldest === undefined || (!isFull && byBytes === undefined)) return undefined;
  if (!isIdle && clock.now() - state.stoodSince < TOLD_AFTER_MS) return undefined;
  const until = isFull && lane.again === 'hold' ? 'it is settled' : 'some are settled';
  return (
    `${binding.handler} stands on ${lane.name} since ${timeOf(state.stoodSince)}: the oldest unsettled message, ` +
    `${nameOf(oldest)}, ${oldest.waitsFor}. ${countOf(state)}${byBytes === undefined ? '' : ` (${byBytes})`}: ` +
    `nothing more is handled before ${until}`
  );
}

/** A call that takes long while messages wait behind it: no fault, but worth knowing. */
export function slowCall(state: LaneState): string | undefined {
  const { lane, binding, clock, waiting, isFull, latest, calledAt } = state;
  if (waiting === 0 || isFull || latest === undefined || clock.now() - calledAt < TOLD_AFTER_MS) return undefined;
  const what = `${binding.handler} is at ${nameOf(latest)} of ${lane.name} since ${timeOf(calledAt)}`;
  return `${what}: it ${latest.waitsFor}; ${String(waiting)} message(s) wait behind it`;
}

/** A message that is at work for most of its lease: others have what waited behind it. */
export function overdue({ handler }: Binding, { name }: Lane, givenBack: number): string {
  const what = `${handler} has been at one message of ${name} for most of its lease (ack_wait) or longer`;
  return `${what}: nothing more is taken before it is done, and ${String(givenBack)} message(s) were given back`;
}

function countOf({ unsettled, span, lane }: LaneState): string {
  if (lane.again !== 'hold' || span <= unsettled) return `${String(unsettled)} messages are handled and not settled`;
  return `${String(span)} messages were handled from it on, and ${String(unsettled)} of them not settled`;
}

function nameOf({ incoming }: Settling): string {
  return incoming.location ?? incoming.position;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
