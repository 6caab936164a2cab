import type { Incoming, Lane } from '../driver/index.js';
import type { OpenDeliveries } from './open-deliveries.js';
import type { Settling } from './settling.js';

/** What a handler left unsettled and the server delivers again: from now on the new delivery alone settles it. */
export function supersede(open: OpenDeliveries, batch: readonly Incoming[]): void {
  const again = batch.filter(({ deliveries }) => deliveries > 1);
  if (again.length === 0) return;
  const left = open.leftUnsettled();
  for (const { position } of again) forget(open, left.get(position));
}

/** Their leases are over. A lane that is full of them would ask for nothing ever after, not even for them. */
export function forgetLeft(open: OpenDeliveries, lane: Lane): void {
  for (const left of open.leftUnsettled().values()) {
    forget(open, left);
    lane.forget?.(left.incoming);
  }
}

function forget(open: OpenDeliveries, left: Settling | undefined): void {
  if (left === undefined || left.superseded) return;
  left.supersede();
  open.closed(left);
  open.unsettled--;
}
