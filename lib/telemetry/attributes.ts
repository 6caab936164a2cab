import type { Attributes } from '@opentelemetry/api';
import { CORRELATION_ID, type DeliveryContext, type ObservedDelivery, type ObservedSend } from '../delivery/index.js';
import type { Incoming, Outgoing, SourceSpec } from '../driver/index.js';
import { codeOf } from '../errors/index.js';
import { MESSAGING, OWN } from './conventions.js';

/** Settings of the attributes. */
export interface AttributeOptions {
  readonly messageKey: boolean;
}

/** A destination as spans and metrics name it. */
export interface Destination {
  /** Of low cardinality, for names of spans; undefined for a temporary one. */
  readonly name: string | undefined;
  /** Of low cardinality, for metrics. */
  readonly short: Attributes;
  readonly full: Attributes;
}

/** Where a delivered message was read. Of a path, a wildcard or a stream that is its template. */
export function readFrom({ address }: Incoming, source: SourceSpec): Destination {
  return named(address, source.address === address ? undefined : source.address);
}

/** Where a message is sent. An address of a reply is used once, and so no name. */
export function sentTo({ to, isReply, message }: ObservedSend): Destination {
  if (!isReply || message.origin?.replyTo !== to.address) return named(to.address, to.template);
  const temporary = { [MESSAGING.temporary]: true };
  return { name: undefined, short: temporary, full: { ...temporary, [MESSAGING.destination]: to.address } };
}

function named(address: string, template: string | undefined): Destination {
  const name = { [MESSAGING.destination]: address };
  if (template === undefined) return { name: address, short: name, full: name };
  const short = { [MESSAGING.template]: template };
  return { name: template, short, full: { ...short, ...name } };
}

/** How replicas share the messages: `group bridge`, `queue bridge` or `durable bridge`. */
export function sharedBy({ sharedBy: by }: SourceSpec): Attributes {
  if (by === undefined) return {};
  const [, how = '', name = by] = /^(\S+) (.*)$/.exec(by) ?? [];
  return { [how === 'durable' ? MESSAGING.subscription : MESSAGING.consumerGroup]: name };
}

/** Attributes of one message that is handled. */
export function messageAttributes(
  { incoming, broker: { kind } }: ObservedDelivery,
  { message }: DeliveryContext,
  options: AttributeOptions,
): Attributes {
  return {
    [MESSAGING.messageId]: incoming.position,
    [MESSAGING.conversationId]: message.correlationId,
    ...(message.attempt > 1 && { [OWN.attempt]: message.attempt }),
    ...(incoming.location !== undefined && positionAttributes(kind, incoming.location)),
    ...contentAttributes(kind, incoming, options),
  };
}

/** Attributes of one message that is sent, so far as they are known before it is. */
export function sentAttributes({ kind, message }: ObservedSend, options: AttributeOptions): Attributes {
  const conversation = message.headers?.[CORRELATION_ID];
  return {
    ...(conversation !== undefined && { [MESSAGING.conversationId]: conversation }),
    ...contentAttributes(kind, message, options),
  };
}

/** The place of a message on the server; of Kafka also by the conventions. */
export function positionAttributes(kind: string, position: string): Attributes {
  const own = { [OWN.position]: position };
  const [, partition, offset] = (kind === 'kafka' && /\[(\d+)\]@(\d+)$/.exec(position)) || [];
  if (partition === undefined) return own;
  return { ...own, [MESSAGING.partition]: partition, [MESSAGING.kafkaOffset]: Number(offset) };
}

type Content = Pick<Incoming & Outgoing, 'body'> & { readonly key?: string | Uint8Array | undefined };

function contentAttributes(kind: string, { body, key }: Content, { messageKey }: AttributeOptions): Attributes {
  const size = { [MESSAGING.bodySize]: body?.byteLength ?? 0 };
  if (kind !== 'kafka') return size;
  // A key of bytes, or one that was read from bytes that are no text, would be no key in a query either.
  const isShown = messageKey && typeof key === 'string' && !key.includes('\ufffd');
  return {
    ...size,
    ...(isShown && { [MESSAGING.kafkaKey]: key }),
    ...(body === null && { [MESSAGING.kafkaTombstone]: true }),
  };
}

/** The code of an error, where it has one, or else its class. */
export function errorTypeOf(error: Error): string {
  return codeOf(error) ?? error.name;
}
