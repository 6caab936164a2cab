import { errorOf, type MultiBrokerError } from '../errors/index.js';
import { type PendingItem, pendingLine } from './pending.js';
import { realNow } from '../async/index.js';
import type { Timeline } from './timeline.js';
import type { TrackedDelivery } from './tracked-delivery.js';

/** Lines of the timeline in an error; `harness.timeline()` has all. */
const LINES = 40;
const MOST_PENDING = 20;

const REPORTED = new WeakSet<Error>();

/** A single failure as itself, several as an AggregateError, each with its place. */
export function failureOf(failures: readonly HandlerFailure[], others: readonly Error[], timeline: Timeline): Error {
  const errors = [...others, ...failures.map(({ error }) => error)];
  const [only] = errors;
  if (only !== undefined && errors.length === 1) return withTimeline(only, failures, timeline);
  const lines = [...others.map(String), ...failures.map(failureLine)];
  const list = lines.map((line) => `- ${line}`).join('\n');
  return new AggregateError(errors, `${String(errors.length)} failures:\n${list}\n\n${timelineText(timeline)}`);
}

/** Error for brokers that do not become idle: running and pending work, and the timeline. */
export function notSettled(parts: {
  readonly patienceMs: number;
  readonly deliveries: number;
  readonly running: readonly TrackedDelivery[];
  readonly pending: readonly PendingItem[];
  readonly timeline: Timeline;
}): MultiBrokerError {
  const { running, pending, patienceMs } = parts;
  const report = [
    ...listed('Running', running.map(runningLine)),
    ...listed('Pending', pending.map(pendingLine)),
    '',
    timelineText(parts.timeline),
  ];
  const params = { ms: patienceMs, deliveries: parts.deliveries, report: report.join('\n') };
  return errorOf('MULTI_BROKER_NOT_SETTLED', params, { handler: running[0]?.handler });
}

export function timelineText(timeline: Timeline): string {
  return `Timeline:\n${timeline.toString(LINES)}`;
}

/** Adds the timeline to the stack, and leaves the message unchanged, since tests compare it. */
function withTimeline(error: Error, failures: readonly HandlerFailure[], timeline: Timeline): Error {
  if (REPORTED.has(error) || Object.isFrozen(error)) return error;
  REPORTED.add(error);
  const where = failures.map(({ delivery }) => `in ${placeOf(delivery)}`).join();
  error.stack = [error.stack, where, timelineText(timeline)].filter(Boolean).join('\n\n');
  return error;
}

function failureLine({ error, delivery }: HandlerFailure): string {
  return `${placeOf(delivery)}, attempt ${String(delivery.last?.attempt ?? 1)}: ${String(error)}`;
}

function placeOf({ handler, broker, incoming }: TrackedDelivery): string {
  return `${handler} on '${broker}' (${incoming.address})`;
}

function runningLine(delivery: TrackedDelivery): string {
  const since = Math.round(realNow() - (delivery.runningSince ?? realNow()));
  return `${placeOf(delivery)} since ${String(since)} ms`;
}

function listed(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - MOST_PENDING;
  const shown = lines.slice(0, MOST_PENDING).map((line) => `- ${line}`);
  return [`${title}:`, ...shown, ...(more > 0 ? [`- and ${String(more)} more`] : [])];
}

/** A failure that no later attempt has resolved. */
export interface HandlerFailure {
  readonly error: Error;
  readonly delivery: TrackedDelivery;
}

/** Failures that are neither reported yet nor resolved by a later attempt. */
export class Failures {
  private readonly open = new Map<string, HandlerFailure>();
  private expected: Error[] | undefined;

  failed(failure: HandlerFailure): void {
    this.open.set(failure.delivery.key, failure);
  }

  /** A successful attempt resolves an earlier failure that was not reported yet. */
  good(delivery: TrackedDelivery): void {
    if (this.open.size > 0) this.open.delete(delivery.key);
  }

  /** From now on failures are added to the returned list instead of being reported. */
  expect(): readonly Error[] {
    return (this.expected ??= []);
  }

  /** Takes the failures to report, each error once; none if they are expected. */
  take(): readonly HandlerFailure[] {
    const failures = [...new Map([...this.open.values()].map((failure) => [failure.error, failure])).values()];
    this.open.clear();
    if (this.expected === undefined) return failures;
    this.expected.push(...failures.map(({ error }) => error));
    return [];
  }

  reset(): void {
    this.open.clear();
    this.expected = undefined;
  }
}
