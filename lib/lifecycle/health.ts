import type { BrokerCounts, BrokerHealth, MultiBrokerHealth } from '../driver/index.js';
import type { Connection } from './connection.js';
import type { ManagedBroker } from './managed-broker.js';

/** How one broker is: down without a connection, degraded where something wants a look. */
export function healthOf(
  broker: { readonly name: string; readonly kind: string },
  connection: Connection,
  ailments: readonly string[],
  counts: BrokerCounts,
): BrokerHealth {
  const reasons = [...connectionReasons(connection), ...(connection.driver?.ailments?.() ?? []), ...ailments];
  const up = connection.driver !== undefined && connection.state === 'up';
  const status = up ? (reasons.length > 0 ? 'degraded' : 'up') : 'down';
  return { name: broker.name, kind: broker.kind, status, reasons, counts };
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
