import type { Incoming } from '../driver/index.js';

/**
 * The hops of a message, newest first: (broker, address) of each publish, and of each arrival at another broker than the
 * publishing one.
 */
export interface HopPath {
  readonly broker: string;
  readonly address: string;
  readonly before: HopPath | undefined;
}

/** A message on a bus, with its hops. */
export interface OnItsWay {
  readonly address: string;
  /** The broker that published it; undefined for the server itself. */
  readonly broker: string | undefined;
  readonly path: HopPath | undefined;
}

/** A twin's delivery knows the hops that led to it. */
export interface Travelled {
  readonly path: HopPath | undefined;
}

/**
 * The path with one more hop. Each hop is kept once, so that the path of a message in a cycle does not grow. Most
 * messages take the same path as the one before, so the last result is reused.
 */
export function onward(path: HopPath | undefined, broker: string, address: string): HopPath {
  if (path !== undefined && holds(path, broker, address)) return path;
  if (last?.before !== path || last?.broker !== broker || last.address !== address) {
    last = { broker, address, before: path };
  }
  return last;
}

/** Paths are immutable, so they can be shared. */
let last: HopPath | undefined;

/** The path of this message, which its results continue; undefined if its driver keeps none. */
export function pathOf(message: Incoming | undefined): HopPath | undefined {
  return (message as Partial<Travelled> | undefined)?.path;
}

/**
 * Whether readers of this broker get the message. Readers on the broker that published it always do. It crosses to
 * another broker only once per address: twins of two clusters share one bus, on which a mirror from `orders` to `orders`
 * would never end.
 */
export function reaches(message: OnItsWay, broker: string | undefined): boolean {
  if (!isCarried(message, broker)) return true;
  return message.path === undefined || !holds(message.path, broker, message.address);
}

/** Whether another broker published it: in production it arrives only if the two brokers are one cluster. */
export function isCarried(message: OnItsWay, broker: string | undefined): broker is string {
  return broker !== undefined && message.broker !== undefined && message.broker !== broker;
}

/** The path up to a reader of this broker. */
export function pathTo(message: OnItsWay, broker: string): HopPath | undefined {
  return isCarried(message, broker) ? onward(message.path, broker, message.address) : message.path;
}

function holds(path: HopPath, broker: string, address: string): boolean {
  for (let hop: HopPath | undefined = path; hop !== undefined; hop = hop.before) {
    if (hop.broker === broker && hop.address === address) return true;
  }
  return false;
}
