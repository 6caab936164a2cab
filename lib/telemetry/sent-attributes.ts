import type { Attributes } from '@opentelemetry/api';
import { CORRELATION_ID, type ObservedSend } from '../delivery/index.js';
import type { ServerAddress } from '../driver/index.js';
import { type AttributeOptions, isTemporary, sentTo, shownKey } from './attributes.js';
import { MESSAGING, OWN } from './conventions.js';
import { templateOf } from './handled-attributes.js';
import { serverAttributes, type ServerOf } from './server-attributes.js';

/** What messages to one destination have in common, made once: see `Handled`. */
export interface Sent {
  readonly server: ServerAddress | undefined;
  readonly name: string;
  readonly measured: Attributes;
  readonly template: Attributes;
}

/** Code may make names of destinations from data, without limit: those beyond are made for each message. */
const MOST = 1_000;

/** The attributes of messages that are sent. */
export class SentAttributes {
  private readonly known = new Map<string, Sent>();

  constructor(
    private readonly serverOf: ServerOf,
    private readonly options: AttributeOptions,
  ) {}

  of(send: ObservedSend): Sent {
    const key = keyOf(send);
    const server = this.serverOf(send.broker);
    const found = this.known.get(key);
    if (found !== undefined && found.server === server) return found;
    const made = sent(send, server);
    if (found !== undefined || this.known.size < MOST) this.known.set(key, made);
    return made;
  }

  /** Of its span, so far as they are known before it is sent. */
  ofMessage(template: Attributes, { kind, to, message: { body, key, headers } }: ObservedSend): Attributes {
    const made: Attributes = { ...template };
    made[MESSAGING.destination] = to.address;
    made[MESSAGING.conversationId] = headers?.[CORRELATION_ID];
    made[MESSAGING.bodySize] = body?.byteLength ?? 0;
    if (kind !== 'kafka') return made;
    made[MESSAGING.kafkaKey] = shownKey(key, this.options);
    if (body === null) made[MESSAGING.kafkaTombstone] = true;
    return made;
  }
}

const keyOf = (send: ObservedSend): string => {
  const { operation, broker, handler = '', to } = send;
  const place = isTemporary(send) ? '' : (to.template ?? to.address);
  return `${operation}\n${broker}\n${handler}\n${place}`;
};

const KAFKA = [MESSAGING.kafkaKey, MESSAGING.kafkaTombstone];
const ALL = [MESSAGING.destination, MESSAGING.conversationId, MESSAGING.bodySize];

function sent(send: ObservedSend, server: ServerAddress | undefined): Sent {
  const { kind, operation, broker, handler } = send;
  const { name = '(temporary)', short } = sentTo(send);
  const measured: Attributes = {
    [MESSAGING.system]: kind,
    [MESSAGING.operation]: operation,
    [MESSAGING.operationType]: 'send',
    ...short,
    ...serverAttributes(server),
    [OWN.broker]: broker,
    ...(handler !== undefined && { [OWN.handler]: handler }),
  };
  const keys = kind === 'kafka' ? [...ALL, ...KAFKA] : ALL;
  return { server, name: `${operation} ${name}`, measured, template: templateOf(measured, keys) };
}
