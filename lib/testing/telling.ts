import { MultiBrokerError } from '../errors/index.js';
import type { HandlerFailure } from './failures.js';
import { pendingLine } from './pending.js';
import type { PendingItem } from './pending-item.js';
import { realNow } from './real-time.js';
import type { RecordedDelivery } from './recorded-delivery.js';
import type { Timeline } from './timeline.js';

/** So many lines of a timeline stand in an error; all of them in `harness.timeline()`. */
const LINES = 40;
const MOST_PENDING = 20;

const told = new WeakSet<Error>();

/** One failure as it is, several together, each with where it happened. */
export function failureOf(failures: readonly HandlerFailure[], others: readonly Error[], timeline: Timeline): Error {
  const errors = [...others, ...failures.map(({ error }) => error)];
  const [only] = errors;
  if (only !== undefined && errors.length === 1) return withTimeline(only, failures, timeline);
  const lines = [...others.map(String), ...failures.map(failureLine)];
  const list = lines.map((line) => `- ${line}`).join('\n');
  return new AggregateError(errors, `${String(errors.length)} failures:\n${list}\n\n${timelineText(timeline)}`);
}

/** The brokers do not come to rest: what runs, what waits, and what has happened. */
export function notSettled(parts: {
  readonly patienceMs: number;
  readonly deliveries: number;
  readonly running: readonly RecordedDelivery[];
  readonly pending: readonly PendingItem[];
  readonly timeline: Timeline;
}): MultiBrokerError {
  const { running, pending, patienceMs } = parts;
  const what = [
    `The brokers did not come to rest within ${String(patienceMs)} ms and ${String(parts.deliveries)} deliveries.`,
    ...listed('Running', running.map(runningLine)),
    ...listed('Pending', pending.map(pendingLine)),
    '',
    timelineText(parts.timeline),
    '',
  ];
  return new MultiBrokerError('MULTI_BROKER_NOT_SETTLED', what.join('\n'), { handler: running[0]?.handler });
}

export function timelineText(timeline: Timeline): string {
  return `Timeline:\n${timeline.toString(LINES)}`;
}

/** The message stays the application's own, for tests compare it; what happened stands in the stack. */
function withTimeline(error: Error, failures: readonly HandlerFailure[], timeline: Timeline): Error {
  if (told.has(error) || Object.isFrozen(error)) return error;
  told.add(error);
  const where = failures.map(({ delivery }) => `in ${placeOf(delivery)}`).join();
  error.stack = [error.stack, where, timelineText(timeline)].filter(Boolean).join('\n\n');
  return error;
}

function failureLine({ error, delivery }: HandlerFailure): string {
  return `${placeOf(delivery)}, attempt ${String(delivery.last?.attempt ?? 1)}: ${String(error)}`;
}

function placeOf({ handler, broker, incoming }: RecordedDelivery): string {
  return `${handler} on '${broker}' (${incoming.address})`;
}

function runningLine(delivery: RecordedDelivery): string {
  const since = Math.round(realNow() - (delivery.runningSince ?? realNow()));
  return `${placeOf(delivery)} since ${String(since)} ms`;
}

function listed(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - MOST_PENDING;
  const shown = lines.slice(0, MOST_PENDING).map((line) => `- ${line}`);
  return [`${title}:`, ...shown, ...(more > 0 ? [`- and ${String(more)} more`] : [])];
}
