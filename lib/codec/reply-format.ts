import type { Encoded } from './codec.js';

/** A message that may ask for an answer, or is one. */
export interface RequestMessage {
  readonly body: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a system that has reply addresses of its own (NATS). */
  readonly replyTo?: string | undefined;
}

/** Where an answer goes. */
export interface ReplyAddress {
  readonly to: string;
  /** Kafka: the partition that the asker reads. */
  readonly partition?: number | undefined;
}

/** An answer, encoded. */
export interface ReplyMessage extends Encoded {
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an answer says. */
export type Answer = { readonly payload: unknown } | { readonly failure: string };

/**
 * How requests and answers are written, where the other side is not this library. Without one a request is a message
 * with a reply address, an answer a message to it, and a failure an answer with the header `multi-broker-error`.
 */
export interface ReplyFormat {
  /** Whether answers come by a topic that the asker reads (`<topic>.reply`): Kafka has no reply addresses. */
  readonly byTopic: boolean;
  /** Where the answer goes; undefined where none is asked for. */
  replyTo(request: RequestMessage): ReplyAddress | undefined;
  /** @param payload undefined: the handler returned nothing, and is to answer all the same (`reply: true`) */
  answer(payload: unknown, request: RequestMessage): ReplyMessage;
  failure(error: Error, request: RequestMessage): ReplyMessage;
  /** @param address the subject or topic */
  request(payload: unknown, address: string): Encoded;
  /** @throws Error where the answer cannot be read */
  read(answer: RequestMessage): Answer;
}
