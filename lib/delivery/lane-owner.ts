import type { Lane } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { Delivery } from './delivery.js';
import type { DeliveryHost } from './delivery-host.js';

/** What a delivery needs of the lane that runs it. */
export interface LaneOwner {
  readonly lane: Lane;
  readonly binding: Binding;
  readonly host: DeliveryHost;
  /** The lane is lost, is being stopped, or was given up: nothing more is begun, nothing unfinished is settled. */
  readonly ending: boolean;
  /** Waits, but not past the lane's end. */
  wait(ms: number): Promise<void>;
  /** No further handler is begun before this resolves. */
  hold(until: Promise<void>): void;
  /** Neither handler nor publish of it runs any more. */
  ended(delivery: Delivery): void;
  /** It was ended, and is called again after all. */
  revived(delivery: Delivery): void;
  /** The server was told its fate. */
  settled(delivery: Delivery): void;
}
