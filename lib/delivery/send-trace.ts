import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { DestinationSpec, Outgoing } from '../driver/index.js';
import type { PendingPublish } from './delivery-host.js';
import { OutgoingHeaders } from './outgoing-headers.js';
import { traceChannels } from './trace-channels.js';

/** One message that is sent, as an observer sees it: the same object from its start to its end. */
export interface ObservedSend {
  readonly operation: 'send' | 'request';
  readonly broker: string;
  readonly kind: string;
  readonly to: DestinationSpec;
  readonly message: Outgoing;
  /** The handler whose result or dead letter it is. */
  readonly handler: string | undefined;
  /** Its cause is the message that is its `origin`, and not what runs now: a result, a dead letter or an answer. */
  readonly isOfOrigin: boolean;
  /** It answers a request. */
  readonly isReply: boolean;
  /** What the observer that writes headers keeps for it. */
  kept: unknown;
  /** Headers that the observer writes, in place of those of the same name; undefined takes one away. */
  headers: Readonly<Record<string, string | undefined>> | undefined;
}

/** How a send has ended. */
export interface SendOutcome {
  readonly error: Error | undefined;
  /** The server's position of the message, where it gives one. */
  readonly position: string | undefined;
}

/** Observes publishes and requests, for telemetry. Called within the send itself, so it must not throw. */
export interface SendObserver {
  sending(send: ObservedSend): void;
  sent(send: ObservedSend, outcome: SendOutcome): void;
}

interface Sender {
  readonly broker: string;
  readonly kind: string;
  readonly application?: object | undefined;
}

/** What the events of one publish or request have in common. It holds neither payload nor headers. */
abstract class SendTrace {
  readonly broker: string;
  readonly kind: string;
  readonly address: string;
  error?: Error;
  // Private, as it leads to payload and headers, which are for no log.
  readonly #send: ObservedSend;
  readonly #application: object | undefined;

  constructor(application: object | undefined, send: ObservedSend) {
    this.broker = send.broker;
    this.kind = send.kind;
    this.address = send.to.address;
    this.#send = send;
    this.#application = application;
  }

  /** @internal The message, with the headers of an observer. */
  static messageOf(trace: SendTrace): Outgoing {
    const { message, headers } = trace.#send;
    return headers === undefined ? message : withHeaders(message, headers);
  }

  /** @internal Passes an event on, unless it is another application's or another copy's of this package. */
  static tell(trace: unknown, application: object, tell: (send: ObservedSend, trace: SendTrace) => void): void {
    if (typeof trace !== 'object' || trace === null || !(#send in trace)) return;
    if (trace.#application === application) tell(trace.#send, trace);
  }
}

/** One message that is published, the same object in all of its events. It holds neither payload nor headers. */
export class PublishTrace extends SendTrace {
  /** The handler whose result it is; undefined for a publish by code and for a reply. */
  readonly handler: string | undefined;
  /** The server's position of the message, once it is confirmed and where the server gives one. */
  position?: string | undefined;

  /** @internal */
  constructor({ broker, kind, application }: Sender, to: DestinationSpec, pending: PendingPublish) {
    const { message, from, isReply = false } = pending;
    const handler = from?.binding.handler;
    const isOfOrigin = from !== undefined || isReply;
    const operation = 'send';
    super(application, {
      operation,
      broker,
      kind,
      to,
      message,
      handler,
      isOfOrigin,
      isReply,
      kept: undefined,
      headers: undefined,
    });
    this.handler = handler;
  }
}

/** One request, the same object in all of its events. It holds neither payload nor headers. */
export class RequestTrace extends SendTrace {
  /** @internal */
  constructor({ broker, kind, application }: Sender, to: DestinationSpec, message: Outgoing) {
    const by = { handler: undefined, isOfOrigin: false, isReply: false, kept: undefined, headers: undefined };
    super(application, { operation: 'request', broker, kind, to, message, ...by });
  }
}

function withHeaders(message: Outgoing, added: NonNullable<ObservedSend['headers']>): Outgoing {
  // Copied one by one: V8 spends microseconds on each key that is added to what a spread has made.
  const text: Record<string, string> = {};
  for (const name in message.headers) text[name] = message.headers[name] as string;
  const headers = new OutgoingHeaders(text);
  headers.raw = message.rawHeaders;
  for (const name in added) {
    const value = added[name];
    if (value === undefined) headers.drop(name);
    else headers.own(name, value);
  }
  const { body, key, partition, dedupeId, origin } = message;
  return { body, key, partition, headers: headers.text, rawHeaders: headers.raw, dedupeId, origin };
}

/** Asked before {@link tracePublish}. */
export const publishes = traceChannels<PublishTrace>('nestjs-multi-broker:publish');
export const requests = traceChannels<RequestTrace>('nestjs-multi-broker:request');

/** The same publish; where somebody listens its end is traced, too. */
export function tracePublish(sender: Sender, to: DestinationSpec, pending: PendingPublish): PendingPublish {
  if (!publishes.hasSubscribers) return pending;
  const trace = new PublishTrace(sender, to, pending);
  publishes.start.publish(trace);
  const { persistent, from } = pending;
  return {
    message: PublishTrace.messageOf(trace),
    persistent,
    from,
    done: (outcome) => {
      if ('error' in outcome) publishes.error.publish(Object.assign(trace, { error: outcome.error }));
      else trace.position = outcome.receipt.position;
      publishes.asyncEnd.publish(trace);
      pending.done(outcome);
    },
  };
}

/** Passes the publishes and requests of one application to an observer. The returned function ends it. */
export function observeSends(application: object, observer: SendObserver): () => void {
  // Channels are global to the process: an application that is never closed must not be kept alive by them.
  const [weakApplication, weakObserver] = [new WeakRef(application), new WeakRef(observer)];
  const listen = (told: (observer: SendObserver, send: ObservedSend, trace: SendTrace) => void) => (trace: unknown) => {
    const [one, other] = [weakApplication.deref(), weakObserver.deref()];
    if (one === undefined || other === undefined) stop();
    else SendTrace.tell(trace, one, (send, own) => told(other, send, own));
  };
  const starts = listen((to, send) => to.sending(send));
  const ends = listen((to, send, { error, position }: SendTrace & Partial<SendOutcome>) =>
    to.sent(send, { error, position }),
  );
  const stop = (): void => {
    for (const { start, asyncEnd } of [publishes, requests]) {
      unsubscribe(start.name, starts);
      unsubscribe(asyncEnd.name, ends);
    }
  };
  for (const { start, asyncEnd } of [publishes, requests]) {
    subscribe(start.name, starts);
    subscribe(asyncEnd.name, ends);
  }
  return stop;
}
