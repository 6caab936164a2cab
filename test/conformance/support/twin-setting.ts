import type { BrokerDefinition } from '../../../lib/driver/public.js';
import { VirtualClock } from '../../../lib/twin/index.js';
import type { Setting } from './targets.js';

/** Twins on a clock that is moved. */
export function twinSetting(definition: BrokerDefinition): Setting {
  const clock = new VirtualClock();
  return { name: 'twin', clock, advance: (ms) => clock.advance(ms), makeDriver: () => definition.twin() };
}
