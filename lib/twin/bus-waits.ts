import type { Io } from '../driver/index.js';

/** Messages that wait on a bus, as the server itself would tell it: whoever had them may be gone. */
export interface BusWait {
  /**
   * `redelivery`: nacked. `ack-wait`: whoever had it is gone, and it comes again. `queued`: for a reader that takes no
   * more now. `unread`: nobody reads.
   */
  readonly why: 'redelivery' | 'ack-wait' | 'queued' | 'unread';
  /** As `Lane.name` of whoever reads them. */
  readonly lane: string;
  readonly messages: number;
  /** Of a single message. */
  readonly message?: { readonly address: string; readonly position: string };
  /** Of several: who shares them, in a few words. */
  readonly what?: string;
  /** When it goes on, by the clock of {@link Io}. */
  readonly dueAt?: number;
}

/** A bus that knows what waits on it; of those that do not, readers alone tell. */
export interface TellingBus {
  waits(broker: string): Iterable<BusWait>;
}

/** What waits on the buses of one module, by broker. */
export class BusWaits {
  readonly #buses = new Map<string, TellingBus>();

  /** From now on this bus tells for the broker. */
  tells(broker: string, bus: TellingBus): void {
    this.#buses.set(broker, bus);
  }

  /** Undefined: the broker's bus does not tell. */
  of(broker: string): readonly BusWait[] | undefined {
    const bus = this.#buses.get(broker);
    return bus === undefined ? undefined : [...bus.waits(broker)];
  }
}

const KEY = 'twin:bus-waits';

/** Those of the module that this driver belongs to. */
export function busWaitsOf(io: Pick<Io, 'shared'>): BusWaits {
  return io.shared(KEY, () => new BusWaits());
}

/** The same module with these, so that who made them can look. */
export function withBusWaits(io: Io, waits: BusWaits): Io {
  io.shared(KEY, () => waits);
  return io;
}
