import { isDeepStrictEqual } from 'node:util';
import type { PlaceDescription, TopologyPlace } from '../driver/index.js';
import type { AsyncApiChannel, AsyncApiMessage, Extensions, JsonObject, Reference } from './document-types.js';
import { Keys, refTo } from './keys.js';
import type { PayloadSchema } from './schemas/payload-schemas.js';
import { isObject } from './schemas/walk.js';

/** A channel while the document is made. */
export interface Channel {
  readonly key: string;
  readonly ref: Reference;
  /** Names schemas that have no name of their own. */
  readonly hint: string;
  readonly address: string | null;
}

/** What a message is besides its payload. */
export interface MessageKind {
  /** Ends its key. */
  readonly suffix?: string;
  readonly headers?: Reference;
  readonly summary?: string;
}

/** A channel that is being made. */
interface Draft {
  readonly channel: Channel;
  readonly title: string;
  readonly broker: string;
  readonly messages: Map<string, AsyncApiMessage>;
  bindings: Readonly<Record<string, object>>;
  extensions: Extensions;
  /** Whether dead letters are parked there, by the topic or subject of each message. */
  ofEach: boolean;
}

/** The channels of a document: one for each address of each broker, whoever reads it or writes to it. */
export class Channels {
  private readonly keys = new Keys<string>();
  private readonly drafts = new Map<string, Draft>();

  constructor(private readonly serverOf: (broker: string) => Reference) {}

  /**
   * The channel of a place, with what this place tells of it.
   *
   * @param ofEach whether its `{source}` is that of a dead letter
   */
  of(broker: string, place: TopologyPlace, ofEach = false): Channel {
    const { description } = place;
    const address = addressOf(place.address, description);
    const draft = this.draft(broker, address ?? place.address, address);
    draft.bindings = { ...draft.bindings, ...description.channel };
    draft.extensions = merged(draft.extensions, description.channelExtensions);
    draft.ofEach ||= ofEach;
    return draft.channel;
  }

  /** A channel whose address each request tells. */
  ofReplies(broker: string, method: string): Channel {
    return this.draft(broker, `${method}.reply`, null).channel;
  }

  /** Adds a message, and refers to it. Those of one payload are one. */
  message({ key }: Channel, payload: PayloadSchema | undefined, kind: MessageKind = {}): Reference {
    const messages = this.drafts.get(key)?.messages ?? new Map<string, AsyncApiMessage>();
    const message = messageOf(payload, kind);
    const base = `${payload?.name ?? 'message'}${kind.suffix ?? ''}`;
    let name = base;
    for (let number = 2; !isSame(messages.get(name), message); number++) name = `${base}-${String(number)}`;
    messages.set(name, message);
    return refTo('channels', key, 'messages', name);
  }

  toJSON(): Record<string, AsyncApiChannel> {
    return Object.fromEntries([...this.drafts.values()].map((draft) => [draft.channel.key, this.channelOf(draft)]));
  }

  private draft(broker: string, text: string, address: string | null): Draft {
    const key = this.keys.of(JSON.stringify([broker, address, text]), `${broker}/${text}`);
    const known = this.drafts.get(key);
    if (known !== undefined) return known;
    const channel = { key, ref: refTo('channels', key), hint: hintOf(text), address };
    const title = `${broker}/${text}`;
    const draft: Draft = { channel, title, broker, messages: new Map(), bindings: {}, extensions: {}, ofEach: false };
    this.drafts.set(key, draft);
    return draft;
  }

  private channelOf({ channel, title, broker, messages, bindings, extensions, ofEach }: Draft): AsyncApiChannel {
    const parameters = parametersOf(channel.address, ofEach);
    return {
      address: channel.address,
      title,
      servers: [this.serverOf(broker)],
      messages: Object.fromEntries(messages),
      ...(parameters !== undefined && { parameters }),
      ...(Object.keys(bindings).length > 0 && { bindings }),
      'x-broker': broker,
      ...extensions,
    };
  }
}

/** Null where a source reads several topics or subjects that no single path names. */
function addressOf(address: string, { addresses }: PlaceDescription): string | null {
  if (addresses === undefined) return address;
  return addresses.length === 1 ? (addresses[0] ?? null) : null;
}

function parametersOf(address: string | null, ofEach: boolean): AsyncApiChannel['parameters'] {
  const names = [...(address ?? '').matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, { description: described(name, ofEach) }]));
}

/** A wildcard has its place for a name. */
function described(name: string, ofEach: boolean): string {
  if (ofEach && name === 'source') return 'Topic or subject of the message that is parked';
  return /^\d+$/.test(name) ? `What wildcard ${name} stands for, counted from 0` : `Placeholder ${name} of the address`;
}

/** `orders.{region}.created` is `OrdersRegionCreated`. */
function hintOf(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const hint = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('');
  return /^[A-Za-z]/.test(hint) ? hint : `Message${hint}`;
}

function messageOf(schema: PayloadSchema | undefined, { headers, summary, suffix = '' }: MessageKind): AsyncApiMessage {
  const { name = 'message', payload, contentType, examples, missing } = schema ?? {};
  return {
    name: `${name}${suffix}`,
    ...(summary !== undefined && { summary }),
    ...(contentType !== undefined && { contentType }),
    ...(headers !== undefined && { headers }),
    ...(payload !== undefined && { payload }),
    ...(examples !== undefined && { examples: examples.map((one) => ({ payload: one })) }),
    ...(missing !== undefined && { 'x-schema-missing': missing }),
  };
}

function isSame(known: AsyncApiMessage | undefined, message: AsyncApiMessage): boolean {
  return known === undefined || JSON.stringify(known) === JSON.stringify(message);
}

/** Extensions of two places of one address: a reader knows more of a stream than a writer. */
function merged(one: Extensions, other: Extensions = {}): Extensions {
  const all: Record<`x-${string}`, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const key = name as `x-${string}`;
    all[key] = isObject(value) ? both(all[key], value) : value;
  }
  return all;
}

/** One object with the fields of both; a list where they contradict each other, as two streams of one subject do. */
function both(known: unknown, value: JsonObject): unknown {
  const all = (Array.isArray(known) ? (known as readonly unknown[]) : [known]).filter(isObject);
  const at = all.findIndex((one) => Object.keys(value).every((key) => agree(one[key], value[key])));
  const list = at < 0 ? [...all, value] : all.with(at, { ...all[at], ...value });
  return list.length === 1 ? list[0] : list;
}

function agree(one: unknown, other: unknown): boolean {
  return one === undefined || isDeepStrictEqual(one, other);
}
