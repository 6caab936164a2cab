import type { BrokerCounts, BrokerHealth, MultiBrokerHealth } from '../driver/index.js';
import type { Connection } from './connection.js';
import type { ManagedBroker } from './managed-broker.js';

const MOST_SENTENCES = 40;

/** What the parts of a broker tell beside its connection. */
interface Findings {
  readonly issues: readonly string[];
  readonly notes: readonly string[];
  readonly counts: BrokerCounts;
}

/** How one broker is: down without a connection, degraded where something wants a look. */
export function healthOf(
  broker: { readonly name: string; readonly kind: string },
  connection: Connection,
  { issues, notes, counts }: Findings,
): BrokerHealth {
  const found = [...connectionReasons(connection), ...(connection.driver?.ailments?.() ?? []), ...issues];
  const reasons = shortened(found);
  const up = connection.driver !== undefined && connection.state === 'up';
  const status = up ? (reasons.length > 0 ? 'degraded' : 'up') : 'down';
  return { name: broker.name, kind: broker.kind, status, reasons, notes: shortened(notes), counts };
}

/** Health is read by people. */
function shortened(sentences: readonly string[]): readonly string[] {
  if (sentences.length <= MOST_SENTENCES) return sentences;
  return [...sentences.slice(0, MOST_SENTENCES), `… and ${String(sentences.length - MOST_SENTENCES)} more`];
}

function connectionReasons(connection: Connection): string[] {
  if (connection.state === 'up') return [];
  if (connection.state === 'none') return [connection.cause?.message ?? 'not connected'];
  return [`${connection.state}${connection.cause === undefined ? '' : `: ${connection.cause.message}`}`];
}

/** The worst of all brokers; one that the application can do without only degrades it. */
export function healthOfAll(brokers: readonly ManagedBroker[]): MultiBrokerHealth {
  const all = brokers.map((broker) => broker.health());
  const down = brokers.some((broker, index) => broker.definition.critical !== false && all[index]?.status === 'down');
  const well = all.every(({ status }) => status === 'up');
  return { status: down ? 'down' : well ? 'up' : 'degraded', brokers: all };
}
