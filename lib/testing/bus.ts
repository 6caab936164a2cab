import type { Io } from '../driver/index.js';
import type { TestingOptions } from './testing-options.js';

/** Name of the bus on which a broker's twin is, among those of its kind. */
export function busOf(broker: string, { bus = 'by-kind' }: TestingOptions): string {
  if (bus === 'by-kind') return '';
  return bus === 'by-broker' ? broker : bus(broker);
}

/** The same module, but twins of another bus meet elsewhere. */
export function onBus(io: Io, bus: string): Io {
  const prefix = JSON.stringify(bus);
  return { ...io, shared: (key, make) => io.shared(`${prefix} ${key}`, make) };
}
