import type { TopologyDeadLetter, TopologyHandler, TopologyPublisher, TopologyTarget } from '../driver/index.js';
import { type Channel, type Channels } from './channels.js';
import type { AsyncApiOperation, AsyncApiReply, Extensions, Reference } from './document-types.js';
import { Keys, refTo } from './keys.js';
import { LETTER_HEADERS_NAME } from './letter-headers.js';
import type { PayloadSchema, PayloadSchemas } from './schemas/payload-schemas.js';

const LETTER = { suffix: '.deadLetter', headers: refTo('components', 'schemas', LETTER_HEADERS_NAME) };

/** The operations of a document: what each handler receives and sends. */
export class Operations {
  readonly all: Record<string, AsyncApiOperation> = {};
  private readonly keys = new Keys<string>();

  constructor(
    private readonly channels: Channels,
    private readonly schemas: PayloadSchemas,
    /** Whether a broker is added: what is published to another one has no server. */
    private readonly knows: (broker: string) => boolean,
  ) {}

  async add(handler: TopologyHandler): Promise<void> {
    const channel = this.channels.of(handler.broker, handler.source);
    const payload = await this.schemas.of(handler.payload, 'input', channel.hint);
    const key = this.keys.of(`receive ${handler.id}`, `${handler.handler}.receive`);
    const sent: string[] = [];
    // In the order of the handler, whatever order its sends are found in.
    this.all[key] = { action: 'receive', channel: channel.ref };
    for (const publisher of handler.publishTo) sent.push(...(await this.publisher(handler, publisher, key)));
    if (handler.deadLetter !== undefined) sent.push(...this.deadLetter(handler, handler.deadLetter, key, payload));
    this.all[key] = await this.receive(handler, { channel, payload, sent });
  }

  private async receive(handler: TopologyHandler, { channel, payload, sent }: Received): Promise<AsyncApiOperation> {
    const { source, broker } = handler;
    const message = this.channels.message(channel, payload);
    const reply = await this.reply(handler);
    return {
      action: 'receive',
      channel: channel.ref,
      title: handler.handler,
      summary: `${handler.handler} reads ${source.name} of ${broker}`,
      messages: [message],
      ...(source.description.operation && { bindings: source.description.operation }),
      ...(reply && { reply }),
      'x-handler': handler.handler,
      'x-handler-id': handler.id,
      ...settingsOf(handler),
      ...(sent.length > 0 && { 'x-sends': sent }),
      ...source.description.extensions,
    };
  }

  private async publisher(by: TopologyHandler, publisher: TopologyPublisher, received: string): Promise<string[]> {
    const { payload: shape, bestEffort, conditional } = publisher;
    const channel = this.channelOf(publisher);
    if (channel === undefined) return [];
    const payload = await this.schemas.of(shape, 'output', channel.hint);
    const extensions = { ...(bestEffort && { 'x-best-effort': true }), ...(conditional && { 'x-conditional': true }) };
    return [
      this.send(by, publisher, { channel, received, extensions, message: this.channels.message(channel, payload) }),
    ];
  }

  /** The bytes of what was read, with further headers. */
  private deadLetter(
    by: TopologyHandler,
    letter: TopologyDeadLetter,
    received: string,
    payload: PayloadSchema | undefined,
  ): string[] {
    const channel = this.channelOf(letter, letter.ofEach);
    if (channel === undefined) return [];
    const extensions = { 'x-dead-letter': true, ...(letter.ofEach && { 'x-of-each': true }) };
    const message = this.channels.message(channel, payload, LETTER);
    return [this.send(by, letter, { channel, received, extensions, message })];
  }

  private channelOf({ broker, destination }: TopologyTarget, ofEach = false): Channel | undefined {
    return this.knows(broker) ? this.channels.of(broker, destination, ofEach) : undefined;
  }

  /** One for all sources of a method: their results go to the same place. */
  private send(by: TopologyHandler, to: TopologyTarget, { channel, received, extensions, message }: Sent): string {
    const { description, name } = to.destination;
    const word = 'x-dead-letter' in extensions ? 'deadLetter' : 'send';
    const key = this.keys.of(JSON.stringify([by.method, word, channel.key, extensions]), `${by.handler}.${word}`);
    const known = this.all[key];
    const receives = [...((known?.['x-receives'] as string[] | undefined) ?? []), received];
    this.all[key] = known ?? {
      action: 'send',
      channel: channel.ref,
      title: by.handler,
      summary: `${by.handler} ${word === 'send' ? 'publishes to' : 'parks in'} ${name} of ${to.broker}`,
      messages: [message],
      ...(description.operation && { bindings: description.operation }),
      'x-handler': by.handler,
      ...extensions,
      ...description.extensions,
    };
    const { messages = [] } = this.all[key];
    this.all[key] = { ...this.all[key], messages: union(messages, message), 'x-receives': [...new Set(receives)] };
    return key;
  }

  /** Of a handler that says that it answers: by an option, or by the type of what it returns. */
  private async reply({
    replies,
    returns,
    method,
    broker,
    source,
  }: TopologyHandler): Promise<AsyncApiReply | undefined> {
    if (replies === 'never' || (replies === 'result' && returns === undefined)) return undefined;
    const channel = this.channels.ofReplies(broker, method);
    const payload = await this.schemas.of(returns ?? {}, 'output', channel.hint);
    return {
      // Kept sources bring requests of a codec, whose header the document does not know.
      ...(!source.durable && { address: REPLY_ADDRESS }),
      channel: channel.ref,
      messages: [this.channels.message(channel, payload)],
    };
  }
}

const REPLY_ADDRESS = { location: '$message.header#/replyTo', description: 'The reply subject of the request' };

interface Received {
  readonly channel: Channel;
  readonly payload: PayloadSchema | undefined;
  /** Keys of the operations that send what comes of it. */
  readonly sent: readonly string[];
}

interface Sent {
  readonly channel: Channel;
  /** Key of the operation that receives. */
  readonly received: string;
  readonly extensions: Extensions;
  readonly message: Reference;
}

function union(messages: readonly Reference[], message: Reference): readonly Reference[] {
  return messages.some(({ $ref }) => $ref === message.$ref) ? messages : [...messages, message];
}

/** What a handler does otherwise than by default. */
function settingsOf({ batch, ack, concurrency, filtered, source }: TopologyHandler): Extensions {
  return {
    ...(batch && { 'x-batch': batch }),
    ...(ack !== 'nack-on-error' && { 'x-ack': ack }),
    ...(concurrency > 1 && { 'x-concurrency': concurrency }),
    ...(filtered && { 'x-filtered': true }),
    ...(source.sharedBy !== undefined && { 'x-shared-by': source.sharedBy }),
  };
}
