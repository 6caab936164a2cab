import type { Lane } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { DeliveryHost } from './delivery-host.js';
import type { WaitsFor } from './delivery-observer.js';
import type { Responder } from './responder.js';
import type { Settling } from './settling.js';

/** What a delivery needs of the lane that runs it. */
export interface LaneOwner {
  readonly lane: Lane;
  readonly binding: Binding;
  readonly host: DeliveryHost;
  readonly responder: Responder;
  /** The lane is lost, is being stopped, or was given up: nothing more is begun, nothing unfinished is settled. */
  readonly ending: boolean;
  /** A handler runs. The lane's next one begins by itself; who calls again looks here first. */
  readonly calling: boolean;
  /** No handler is called: further calls of what has failed wait, too. */
  readonly paused: boolean;
  /** Resolves when it is paused no more, or ends. */
  resumed(): Promise<void>;
  /** Resolves when the running handler has ended; another may have begun since. */
  callOver(): Promise<void>;
  callBegan(delivery: Settling): void;
  callEnded(): void;
  /** The running call does nothing itself: it awaits confirmations of what it gave so far. */
  callConfirms(is: boolean): void;
  /** Waits, but not past the lane's end. */
  wait(ms: number, what: WaitsFor): Promise<void>;
  /** No further handler is begun before it is done. Whoever calls, it runs in the lane's own async context. */
  hold(until: () => Promise<void>): void;
  /** Neither handler nor publish of it runs any more. */
  ended(delivery: Settling): void;
  /** One that was ended and is not settled is called again after all. */
  revived(): void;
  /** The server was told its fate. */
  settled(delivery: Settling): void;
}
