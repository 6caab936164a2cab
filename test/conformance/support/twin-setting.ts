import type { BrokerDefinition, Place } from '../../../lib/driver/public.js';
import { Faults, FaultyDriver, SimulatedProcess, VirtualClock } from '../../../lib/twin/index.js';
import type { Setting } from './targets.js';

/** Twins on a clock that is moved; their outages are those that `harness.fault()` makes. */
export function twinSetting<D extends BrokerDefinition>(definition: D, makePlace: (definition: D) => Place): Setting {
  const clock = new VirtualClock();
  return {
    name: 'twin',
    clock,
    advance: (ms) => clock.advance(ms),
    makeDriver: () => definition.twin(),
    makeUnsteady() {
      const faults = new Faults();
      const process = new SimulatedProcess();
      return {
        makeDriver: async () => new FaultyDriver(await definition.twin(), { faults, process, delayed: () => () => {} }),
        place: makePlace(definition),
        cut: () => faults.dropConnection(),
        mend: () => faults.restore(),
      };
    },
  };
}
