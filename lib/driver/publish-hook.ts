import type { Headers } from './message.js';
import type { MessageContext } from './message-context.js';

/** What is about to be published, as a hook of `MultiBroker.onPublish()` sees it. */
export interface PublishingMessage {
  /** Name of the broker that it is written to. */
  readonly broker: string;
  /** The topic or subject. */
  readonly destination: string;
  /** Not encoded. */
  readonly payload: unknown;
  /** Those that it has so far: what a handler's message passes on, and what the publisher gives. */
  readonly headers: Headers;
  /** The message that is being handled, where a handler publishes. */
  readonly context?: MessageContext | undefined;
}

/** Gives headers for what is published, or nothing. It gives them at once, and not by a promise. */
export type PublishHook = (message: PublishingMessage) => Headers | undefined | void;
