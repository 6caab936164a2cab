import type { DriverContext } from '../driver/index.js';

/** Messages that wait on the server, also when their reader is gone. */
export interface BacklogEntry {
  /**
   * `redelivery`: nacked. `ack-wait`: its reader is gone, and it will be redelivered. `queued`: for a reader that is
   * full. `unread`: there is no reader.
   */
  readonly why: 'redelivery' | 'ack-wait' | 'queued' | 'unread';
  /** `Lane.name` of their reader. */
  readonly lane: string;
  readonly messages: number;
  /** For an entry of a single message. */
  readonly message?: { readonly address: string; readonly position: string };
  /** For an entry of several: the group or durable that shares them. */
  readonly what?: string;
  /** When it is redelivered, by the clock of {@link DriverContext}. */
  readonly dueAt?: number;
}

/** A bus that knows its waiting messages. For other buses only their readers are known. */
export interface BacklogSource {
  backlog(broker: string): Iterable<BacklogEntry>;
}

/** Waiting messages on the buses of one module, by broker. */
export class Backlog {
  private readonly buses = new Map<string, BacklogSource>();

  /** Makes the bus the source of the broker's backlog. */
  register(broker: string, bus: BacklogSource): void {
    this.buses.set(broker, bus);
  }

  /** Undefined if the broker's bus is not a source. */
  of(broker: string): readonly BacklogEntry[] | undefined {
    const bus = this.buses.get(broker);
    return bus === undefined ? undefined : [...bus.backlog(broker)];
  }
}

const KEY = 'twin:bus-waits';

/** The backlog of the module that this driver belongs to. */
export function backlogOf(io: Pick<DriverContext, 'shared'>): Backlog {
  return io.shared(KEY, () => new Backlog());
}

/** Makes the driver context use this backlog, so that its creator can read it. */
export function withBacklog(io: DriverContext, waits: Backlog): DriverContext {
  io.shared(KEY, () => waits);
  return io;
}
