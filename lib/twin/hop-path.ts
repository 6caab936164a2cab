import type { Incoming } from '../driver/index.js';

/**
 * The places that a message has come by, the newest first: (broker, address) of each publish, and of each arrival at
 * another broker than the one that published.
 */
export interface HopPath {
  readonly broker: string;
  readonly address: string;
  readonly before: HopPath | undefined;
}

/** A message on a bus, as far as its way is concerned. */
export interface OnItsWay {
  readonly address: string;
  /** Which broker published it; missing: the server itself has. */
  readonly broker: string | undefined;
  readonly path: HopPath | undefined;
}

/** What a twin's delivery tells of the way to it. */
export interface Travelled {
  readonly path: HopPath | undefined;
}

/**
 * The path with one place more. A place is held once, so that a message that goes in a circle does not grow. Most
 * messages go where the one before went: what was made last is given again.
 */
export function onward(path: HopPath | undefined, broker: string, address: string): HopPath {
  if (path !== undefined && holds(path, broker, address)) return path;
  if (last?.before !== path || last?.broker !== broker || last.address !== address) {
    last = { broker, address, before: path };
  }
  return last;
}

/** A path never changes, so whoever made it may share it. */
let last: HopPath | undefined;

/** The way to this message: what its results continue. A driver that keeps none gives none. */
export function pathOf(message: Incoming | undefined): HopPath | undefined {
  return (message as Partial<Travelled> | undefined)?.path;
}

/**
 * Whether readers of this broker get the message. Those on the broker that published it always do. It is carried to
 * another broker once for each address: a mirror `orders` to `orders` would go round for ever, as twins of two
 * clusters share one bus.
 */
export function reaches(message: OnItsWay, broker: string | undefined): boolean {
  if (!isCarried(message, broker)) return true;
  return message.path === undefined || !holds(message.path, broker, message.address);
}

/** Whether another broker published it: in production it arrives only if the two are one cluster. */
export function isCarried(message: OnItsWay, broker: string | undefined): broker is string {
  return broker !== undefined && message.broker !== undefined && message.broker !== broker;
}

/** The way to this broker's reader. */
export function pathTo(message: OnItsWay, broker: string): HopPath | undefined {
  return isCarried(message, broker) ? onward(message.path, broker, message.address) : message.path;
}

function holds(path: HopPath, broker: string, address: string): boolean {
  for (let hop: HopPath | undefined = path; hop !== undefined; hop = hop.before) {
    if (hop.broker === broker && hop.address === address) return true;
  }
  return false;
}
