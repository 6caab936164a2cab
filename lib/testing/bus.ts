import type { DriverContext } from '../driver/index.js';
import type { TestingOptions } from './testing-options.js';

/** Name of the bus of a broker's twin, within its kind. */
export function busOf(broker: string, { bus = 'by-kind' }: TestingOptions): string {
  if (bus === 'by-kind') return '';
  return bus === 'by-broker' ? broker : bus(broker);
}

/** The same context, with shared objects of one bus only. */
export function onBus(context: DriverContext, bus: string): DriverContext {
  const prefix = JSON.stringify(bus);
  return { ...context, shared: (key, make) => context.shared(`${prefix} ${key}`, make) };
}
