import type { CallScope, DeliveryObserver, ObservedDelivery, WaitsFor } from './delivery-observer.js';
import type { DeliveryContext } from './binding.js';
import type { Disposition } from './disposition.js';
import type { SentLetter } from './dead-letter/sent-letter.js';
import type { Settlement } from '../driver/index.js';

const NOBODY: readonly DeliveryObserver[] = [];

/**
 * Who observes the deliveries of one application: a test's observer, telemetry's, metrics'. They are called directly and
 * not by the channels, which are of the whole process: one recorded test module would have every application in it build
 * and pass on what nobody reads.
 */
export class DeliveryObservers {
  private all = NOBODY;
  /** A field, as it is asked at every call. */
  any = false;

  add(observer: DeliveryObserver): void {
    this.set([...this.all, observer]);
  }

  remove(observer: DeliveryObserver): void {
    this.set(this.all.filter((one) => one !== observer));
  }

  /** Returns what the call is made within: of the observers that have something the last one's. */
  called(delivery: ObservedDelivery, context: DeliveryContext, joins?: ObservedDelivery): CallScope | undefined {
    let scope: CallScope | undefined;
    this.tell((observer) => {
      scope = observer.called(delivery, context, joins) ?? scope;
    });
    return scope;
  }

  callOver(delivery: ObservedDelivery): void {
    this.tell((observer) => observer.callOver(delivery));
  }

  failed(delivery: ObservedDelivery, error: Error, disposition: Disposition): void {
    this.tell((observer) => observer.failed(delivery, error, disposition));
  }

  waits(delivery: ObservedDelivery, what: WaitsFor, ms: number): void {
    this.tell((observer) => observer.waits(delivery, what, ms));
  }

  settled(delivery: ObservedDelivery, how: Settlement, letter: SentLetter | undefined): void {
    this.tell((observer) => observer.settled(delivery, how, letter));
  }

  ended(delivery: ObservedDelivery): void {
    this.tell((observer) => observer.ended(delivery));
  }

  lost(delivery: ObservedDelivery): void {
    this.tell((observer) => observer.lost(delivery));
  }

  /** An observer that throws ends the process, as a listener of a channel does, and not the delivery. */
  private tell(tell: (observer: DeliveryObserver) => void): void {
    for (const observer of this.all) {
      try {
        tell(observer);
      } catch (thrown) {
        process.nextTick(() => {
          throw thrown;
        });
      }
    }
  }

  private set(all: readonly DeliveryObserver[]): void {
    this.all = all;
    this.any = all.length > 0;
  }
}

/** Weak: an application that is never closed is not kept alive by its observers. */
const known = new WeakMap<object, DeliveryObservers>();

/** The same object whenever it is asked for. */
export function observersOf(application: object): DeliveryObservers {
  const own = known.get(application) ?? new DeliveryObservers();
  known.set(application, own);
  return own;
}

/** Passes the deliveries of one application to an observer. The returned function ends it. */
export function observeDeliveries(application: object, observer: DeliveryObserver): () => void {
  const observers = observersOf(application);
  observers.add(observer);
  return () => observers.remove(observer);
}
