import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as timers from 'node:timers';
import { DELIVERY_CHANNELS, type DeliveryObserver, DeliveryTrace } from './diagnostics.js';

/**
 * By application: a test's observer, telemetry's, or both. Channels are global to the process: an application that is never
 * closed must not be kept alive by them.
 */
const observers = new WeakMap<object, readonly DeliveryObserver[]>();
/** Observers of applications, those included that were collected and whose end is not known yet. */
let observed = 0;
let isListening = false;
let silence: NodeJS.Timeout | undefined;

// Taken when the module loads, so that a test's fake timers neither fire nor hold it; and Node's, as those of jsdom are numbers.
const { setTimeout: startTimer } = timers;

/** The next test of a file observes again soon, and to turn the channels on and off takes longer than to start a twin. */
const LISTENED_ON_MS = 1_000;

const collected = new FinalizationRegistry<Observation>(end);

interface Observation {
  isOver: boolean;
}

/**
 * Passes the deliveries of one application to an observer. The returned function ends it. One listener serves all
 * applications of the process: with one for each, every delivery would be passed to as many.
 */
export function observeDeliveries(application: object, observer: DeliveryObserver): () => void {
  const observation: Observation = { isOver: false };
  observers.set(application, [...(observers.get(application) ?? []), observer]);
  collected.register(application, observation, observation);
  observed++;
  beginListening();
  return () => {
    observers.set(application, observers.get(application)?.filter((one) => one !== observer) ?? []);
    collected.unregister(observation);
    end(observation);
  };
}

/** How many observers of applications there are. */
export function observedApplications(): number {
  return observed;
}

function listen(trace: unknown): void {
  DeliveryTrace.tell(trace, observers);
}

function end(observation: Observation): void {
  if (observation.isOver) return;
  observation.isOver = true;
  if (--observed === 0) silence ??= startTimer(endListening, LISTENED_ON_MS).unref();
}

function beginListening(): void {
  if (isListening) return;
  isListening = true;
  for (const name of DELIVERY_CHANNELS) subscribe(name, listen);
}

function endListening(): void {
  silence = undefined;
  if (observed > 0) return;
  isListening = false;
  for (const name of DELIVERY_CHANNELS) unsubscribe(name, listen);
}
