import { type DeliveryObserver, observeDeliveries, observeSends, type SendObserver } from '../delivery/index.js';
import type { DriverContext } from '../driver/index.js';

/** What telemetry listens with. */
export interface Instrumentation {
  readonly deliveries: DeliveryObserver;
  readonly sends: SendObserver;
}

/** The telemetry of one application, if it has any. */
export class Instrumented {
  /** Kept here, as the channels hold it weakly. */
  private by: Instrumentation | undefined;
  private stop: (() => void) | undefined;

  constructor(private readonly application: object) {}

  get isOn(): boolean {
    return this.by !== undefined;
  }

  /** False: there is one already. */
  begin(by: Instrumentation): boolean {
    if (this.by !== undefined) return false;
    this.by = by;
    const ends = [observeDeliveries(this.application, by.deliveries), observeSends(this.application, by.sends)];
    this.stop = (): void => {
      for (const end of ends) end();
    };
    return true;
  }

  end(): void {
    this.stop?.();
  }
}

/** Services that the drivers of one application share. */
export function ioOf({
  clock,
  log,
  instrumented,
}: Pick<DriverContext, 'clock' | 'log'> & { readonly instrumented: Instrumented }): Omit<
  DriverContext,
  'state' | 'broker'
> {
  const shared = new Map<string, unknown>();
  return {
    clock,
    log,
    // Asked when a driver connects, which is later than telemetry begins.
    get instrumented() {
      return instrumented.isOn;
    },
    shared: <T>(key: string, make: () => T): T => {
      if (!shared.has(key)) shared.set(key, make());
      return shared.get(key) as T;
    },
  };
}
