import type { DestinationSpec } from '../driver/index.js';
import type { PendingPublish } from './delivery-host.js';

/** Publishes to one destination, the first of which has been retried for a while. */
export interface PublishBacklog {
  readonly to: DestinationSpec;
  /** Of the first try, in milliseconds since the epoch. */
  readonly since: number;
  /** Of the last try; undefined while the first one is still under way. */
  readonly error: Error | undefined;
  readonly waiting: readonly PendingPublish[];
}

/** A retry that takes less is of no interest to an operator. */
export const BACKLOG_AFTER_MS = 3_000;

/** The most entries of a list in health, which is read by people. */
const MOST_DESTINATIONS = 20;
const MOST_LANES = 5;

/** For the health of the broker that is published to, a sentence for each destination. */
export function backlogIssues(backlogs: readonly PublishBacklog[]): string[] {
  return shortened(backlogs.map(backlogIssue), 'destinations');
}

export function backlogIssue(backlog: PublishBacklog): string {
  return `${String(backlog.waiting.length)} message(s) wait to be published to ${backlog.to.name} ${sinceAndWhy(backlog)}`;
}

/** For the health of a source broker: which of its handlers wait for these publishes, to broker `target`. */
export function sourceIssues(source: string, target: string, backlogs: readonly PublishBacklog[]): string[] {
  const sentences = backlogs.flatMap((backlog) => {
    return [...byHandler(source, backlog)].map(([handler, { publishes, lanes }]) => {
      const from = [...lanes].slice(0, MOST_LANES).join(', ') + (lanes.size > MOST_LANES ? ', …' : '');
      const what = `${String(publishes)} message(s) to be published to ${backlog.to.name} on broker '${target}'`;
      return `${handler} (${from}) waits for ${what} ${sinceAndWhy(backlog)}`;
    });
  });
  return shortened(sentences, 'handlers and destinations');
}

interface HandlerWait {
  publishes: number;
  readonly lanes: Set<string>;
}

function byHandler(source: string, { waiting }: PublishBacklog): Map<string, HandlerWait> {
  const waits = new Map<string, HandlerWait>();
  for (const { from } of waiting) {
    if (from?.binding.broker !== source) continue;
    const { handler } = from.binding;
    const wait = waits.get(handler) ?? { publishes: 0, lanes: new Set() };
    waits.set(handler, wait);
    wait.publishes++;
    wait.lanes.add(from.lane.name);
  }
  return waits;
}

function sinceAndWhy({ since, error }: PublishBacklog): string {
  return `since ${new Date(since).toISOString()}: ${error?.message ?? 'no confirmation yet'}`;
}

function shortened(sentences: readonly string[], what: string): string[] {
  if (sentences.length <= MOST_DESTINATIONS) return [...sentences];
  const left = sentences.length - MOST_DESTINATIONS;
  return [...sentences.slice(0, MOST_DESTINATIONS), `… and ${String(left)} more ${what}`];
}
