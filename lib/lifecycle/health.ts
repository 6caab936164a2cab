import type { BrokerCounts, BrokerDefinition, BrokerHealth, MultiBrokerHealth } from '../driver/index.js';
import type { Connection } from './connection.js';

const MOST_SENTENCES = 40;

/** Reasons and notes of a broker beyond its connection. */
interface Findings {
  readonly issues: readonly string[];
  readonly notes: readonly string[];
  readonly counts: BrokerCounts;
}

/** Health of one broker: `down` without a connection, `degraded` if there are reasons to look at it. */
export function healthOf(
  broker: { readonly name: string; readonly kind: string },
  connection: Connection,
  { issues, notes, counts }: Findings,
): BrokerHealth {
  const found = [...connectionReasons(connection), ...(connection.driver?.healthIssues?.() ?? []), ...issues];
  const reasons = shortened(found);
  const up = connection.driver !== undefined && connection.state === 'up';
  const status = up ? (reasons.length > 0 ? 'degraded' : 'up') : 'down';
  return { name: broker.name, kind: broker.kind, status, reasons, notes: shortened(notes), counts };
}

/** Cuts a long list: health is read by people. */
function shortened(sentences: readonly string[]): readonly string[] {
  if (sentences.length <= MOST_SENTENCES) return sentences;
  return [...sentences.slice(0, MOST_SENTENCES), `… and ${String(sentences.length - MOST_SENTENCES)} more`];
}

function connectionReasons(connection: Connection): string[] {
  if (connection.state === 'up') return [];
  if (connection.state === 'none') return [connection.cause?.message ?? 'not connected'];
  return [`${connection.state}${connection.cause === undefined ? '' : `: ${connection.cause.message}`}`];
}

interface Reporting {
  readonly definition: BrokerDefinition;
  health(): BrokerHealth;
}

/** The worst status of all brokers; one with `critical: false` only degrades it. */
export function healthOfAll(brokers: readonly Reporting[]): MultiBrokerHealth {
  const all = brokers.map((broker) => broker.health());
  const down = brokers.some((broker, index) => broker.definition.critical !== false && all[index]?.status === 'down');
  const well = all.every(({ status }) => status === 'up');
  return { status: down ? 'down' : well ? 'up' : 'degraded', brokers: all };
}
