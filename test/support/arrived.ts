import { Arrived, type Stored } from '../../lib/twin/index.js';

class AtTest extends Arrived {
  readonly position = 'here';

  protected makeRaw(): unknown {
    return {};
  }
}

/** One delivery of a message on a bus, to a reader of this broker. */
export function arrived(stored: Stored, broker = 'b'): Arrived {
  return new AtTest(stored, { broker, params: undefined });
}
