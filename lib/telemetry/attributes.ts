import type { Attributes, Span } from '@opentelemetry/api';
import type { ObservedSend } from '../delivery/index.js';
import type { Incoming, SourceSpec } from '../driver/index.js';
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
}

/** Where a delivered message was read. Of a path, a wildcard or a stream that is its template. */
export function readFrom({ address }: Pick<Incoming, 'address'>, source: SourceSpec): Destination {
  return named(address, source.address === address ? undefined : source.address);
}

/** An address of a reply is used once, and so no name. */
export function isTemporary({ to, isReply, message }: ObservedSend): boolean {
  return isReply && message.origin?.replyTo === to.address;
}

/** Where a message is sent. */
export function sentTo(send: ObservedSend): Destination {
  if (isTemporary(send)) return { name: undefined, short: { [MESSAGING.temporary]: true } };
  return named(send.to.address, send.to.template);
}

function named(address: string, template: string | undefined): Destination {
  if (template === undefined) return { name: address, short: { [MESSAGING.destination]: address } };
  return { name: template, short: { [MESSAGING.template]: template } };
}

/** How replicas share the messages: `group bridge`, `queue bridge` or `durable bridge`. */
export function sharedBy({ sharedBy: by }: SourceSpec): Attributes {
  if (by === undefined) return {};
  const [, how = '', name = by] = /^(\S+) (.*)$/.exec(by) ?? [];
  return { [how === 'durable' ? MESSAGING.subscription : MESSAGING.consumerGroup]: name };
}

/** A message's place by the conventions. */
interface KafkaPlace {
  readonly partition: string;
  readonly offset: number;
}

/** Reads `topic[partition]@offset`. No regular expression, as it is read twice for each message. */
export function kafkaPlace(position: string): KafkaPlace | undefined {
  const at = position.lastIndexOf(']@');
  const open = position.lastIndexOf('[', at);
  if (at < 0 || open < 0) return undefined;
  return { partition: position.slice(open + 1, at), offset: Number(position.slice(at + 2)) };
}

/** The place of a message on the server; of Kafka also by the conventions. */
export function setPosition(span: Span, kind: string, position: string): void {
  span.setAttribute(OWN.position, position);
  const place = kind === 'kafka' ? kafkaPlace(position) : undefined;
  if (place === undefined) return;
  span.setAttribute(MESSAGING.partition, place.partition);
  span.setAttribute(MESSAGING.kafkaOffset, place.offset);
}

/** A key of bytes, or one that was read from bytes that are no text, would be no key in a query either. */
export function shownKey(key: string | Uint8Array | undefined, { messageKey }: AttributeOptions): string | undefined {
  return messageKey && typeof key === 'string' && !key.includes('\ufffd') ? key : undefined;
}

/** The code of an error, where it has one, or else its class. */
export function errorTypeOf(error: Error): string {
  return codeOf(error) ?? error.name;
}
