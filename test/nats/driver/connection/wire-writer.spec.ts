import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as natsIo from '@nats-io/transport-node/lib/nats-base-client.js';
import { NodeTransport as NatsIoTransport } from '@nats-io/transport-node/lib/node_transport.js';
import { MsgHdrsImpl } from 'nats/lib/nats-base-client/headers.js';
import { ProtocolHandler } from 'nats/lib/nats-base-client/protocol.js';
import { NodeTransport } from 'nats/lib/src/node_transport.js';
import { BytesMessage, type Incoming, JsonMessage, type Outgoing } from '../../../../lib/driver/index.js';
import { natsBroker, toStream } from '../../../../lib/nats/index.js';
import type { NatsDestinationSpec } from '../../../../lib/nats/destination-spec.js';
import type { Connection } from '../../../../lib/nats/driver/connection/connection.js';
import type { ClientConnection } from '../../../../lib/nats/driver/connection/client-port.js';
import { TRIED as NATS_2 } from '../../../../lib/nats/driver/connection/nats-2/client.js';
import { TRIED as NATS_IO } from '../../../../lib/nats/driver/connection/nats-io/client.js';
import { rawWire } from '../../../../lib/nats/driver/connection/nats-js/raw-wire.js';
import { PublishErrors } from '../../../../lib/nats/driver/connection/publish-errors.js';
import { WireWriter } from '../../../../lib/nats/driver/connection/wire-writer.js';

const info = { headers: true, max_payload: 1_048_576 };

/** The parts of a client that write. */
interface Nats {
  readonly Headers: new () => { append(name: string, value: string): void; keys(): string[] };
  readonly Handler: { readonly prototype: { readonly publish: Publish } };
  readonly Transport: new () => { readonly version: string };
  readonly tried: RegExp;
}

type Publish = (subject: string, body: Uint8Array, options: object) => void;

const clients = {
  nats: { Headers: MsgHdrsImpl, Handler: ProtocolHandler, Transport: NodeTransport, tried: NATS_2 },
  '@nats-io': {
    Headers: natsIo.MsgHdrsImpl,
    Handler: natsIo.ProtocolHandler,
    Transport: NatsIoTransport,
    tried: NATS_IO,
  },
} as const;

/** As much of nats.js's protocol as writes; its own `publish` is the reference. */
class Protocol {
  readonly info = info;
  outBytes = 0;
  outMsgs = 0;
  private readonly written: Buffer[] = [];

  readonly transport: { readonly version: string | undefined };

  constructor(private readonly nats: Nats) {
    this.transport = new nats.Transport();
  }

  sendCommand(...parts: readonly (string | Uint8Array)[]): void {
    this.written.push(...parts.map((part) => Buffer.from(part as string)));
  }

  publish(...args: Parameters<Publish>): void {
    this.nats.Handler.prototype.publish.apply(this, args);
  }

  get bytes(): string {
    return Buffer.concat(this.written).toString('latin1');
  }
}

const clientOf = ({ tried }: Nats) => ({ wire: (nc: ClientConnection) => rawWire(nc, tried) });

function writerOn(nats: Nats, protocol: object): WireWriter {
  const nc = { info, protocol, isClosed: () => false };
  const log = { warn: () => undefined, info: () => undefined, debug: () => undefined, error: () => undefined };
  return new WireWriter({ nc } as unknown as Connection, clientOf(nats), new PublishErrors('events'), 'events', log);
}

/** What nats.js writes of the same message. */
function reference(nats: Nats, to: NatsDestinationSpec, message: Outgoing, reply: string | undefined): string {
  const headers = new nats.Headers();
  for (const [name, value] of Object.entries(message.headers ?? {})) headers.append(name, value);
  for (const [name, value] of message.rawHeaders ?? []) headers.append(name, String(value));
  if (message.key !== undefined) headers.append('message-key', String(message.key));
  if (message.body === null) headers.append('multi-broker-value', 'null');
  if (message.dedupeId !== undefined) headers.append('Nats-Msg-Id', message.dedupeId);
  if (to.stream !== undefined) headers.append('Nats-Expected-Stream', to.stream);
  const protocol = new Protocol(nats);
  const isBare = headers.keys().length === 0;
  protocol.publish(to.subject, message.body ?? new Uint8Array(0), {
    ...(!isBare && { headers }),
    ...(reply !== undefined && { reply }),
  });
  return protocol.bytes;
}

const broker = natsBroker({ name: 'events', client: {} });
const destinations = [
  broker.destination('a.b'),
  broker.destination(toStream('s.größe')),
  broker.destination(toStream('s', { stream: 'ORDERS' })),
];

const trimmed = (text: string) => text.trim();
const value = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => trimmed(text.replace(/[\r\n]/g, ' ')));
const name = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,12}$/)
  .filter((text) => !/^nats-|^message-key|^multi/i.test(text));
const headers = fc.dictionary(name, value, { maxKeys: 5 });
const body = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constant(null),
  fc.constant(new Uint8Array(0)),
  fc.constant(new Uint8Array(200_000).fill(7)),
);
const plain = fc.record(
  { body, headers, key: value, dedupeId: value },
  { requiredKeys: ['body'] },
) as fc.Arbitrary<Outgoing>;
const text = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }).map((inside) => JSON.stringify(inside)),
  fc.constant(JSON.stringify('é'.repeat(30_000))),
  fc.constant('"\ud800"'),
);
const from = (position: string): Incoming => ({ position }) as Incoming;
const id = value.map((one) => trimmed(`p:${one}`));
const json = fc
  .tuple(
    text,
    id,
    fc.constantFrom(undefined, '/Bridge.forward/in/0/0', '/größe/1/2'),
    fc.constantFrom('1', '17'),
    fc.option(id, { nil: undefined }),
  )
  .map(([written, own, publisher, hops, correlation]) => {
    return new JsonMessage(written, from(own), publisher, hops, correlation);
  });
const bytes = fc
  .tuple(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(undefined, 'image/png', 'text/plain; name=größe'),
    id,
    fc.constantFrom(undefined, '/Bridge.forward/in/0/0'),
    fc.option(id, { nil: undefined }),
  )
  .map(([body, type, own, publisher, correlation]) => {
    return new BytesMessage(body, type, from(own), publisher, '3', correlation);
  });
const ofParts = fc.oneof(json, bytes);
const reply = fc.constantFrom(undefined, '_INBOX.a.b.7');

describe.each(Object.entries<Nats>(clients))('what is written for a message by %s', (_client, nats) => {
  it('is byte for byte what nats.js writes', () => {
    const message = fc.oneof(plain, ofParts);
    fc.assert(
      fc.property(fc.array(fc.tuple(message, reply), { minLength: 1, maxLength: 5 }), fc.nat(2), (batch, which) => {
        const to = destinations[which]!;
        const protocol = new Protocol(nats);
        const writer = writerOn(nats, protocol);
        for (const [one, answer] of batch) expect(writer.write(to, one, answer)).toEqual(expect.any(Number));
        writer.send();
        expect(protocol.bytes).toBe(batch.map(([one, answer]) => reference(nats, to, one, answer)).join(''));
      }),
      { numRuns: 300 },
    );
  });

  it('of parts is the same as of a message that has them as fields', () => {
    fc.assert(
      fc.property(ofParts, fc.nat(2), (message, which) => {
        const [parts, fields] = [new Protocol(nats), new Protocol(nats)];
        const { body: content, headers: written, dedupeId } = message;
        for (const [protocol, one] of [
          [parts, message],
          [fields, { body: content, headers: written, dedupeId }],
        ] as const) {
          const writer = writerOn(nats, protocol);
          writer.write(destinations[which]!, one);
          writer.send();
        }
        expect(parts.bytes).toBe(fields.bytes);
      }),
    );
  });

  it.each([
    ['correlation id', new JsonMessage('1', from('id'), '/p', '1', 'a\nb')],
    ['id', new JsonMessage('1', from('i\rd'), '/p', '1', 'a')],
    ['id, which is the correlation id,', new JsonMessage('1', from('id\n'), undefined, '1', undefined)],
    ['end of the id', new JsonMessage('1', from('id\r'), '/p', '1', 'a')],
    ['publisher', new JsonMessage('1', from('id'), '/p\n', '1', 'a')],
  ])('is nothing where the %s breaks a line', (_what, message) => {
    const protocol = new Protocol(nats);
    const writer = writerOn(nats, protocol);
    expect(writer.write(destinations[1]!, message)).toMatchObject({ code: 'MULTI_BROKER_HEADER_INVALID' });
    writer.send();
    expect(protocol.bytes).toBe('');
  });

  it('is at most what the server takes, in bytes', () => {
    const writer = writerOn(nats, new Protocol(nats));
    const sized = (text: string) =>
      writer.write(destinations[0]!, new JsonMessage(text, from('i'), undefined, '1', 'c'));
    const room = info.max_payload - (sized('') as number);
    expect(sized('é'.repeat(room / 2 + 100))).toMatchObject({ code: 'MULTI_BROKER_PAYLOAD_TOO_LARGE' });
    expect(sized('x'.repeat(room - 100))).toEqual(expect.any(Number));
  });

  it.each(['2.28.0', '3.0.0', '3.5.0', undefined])(
    'is written by nats.js itself where it is not the tried version: %s',
    (version) => {
      const protocol = Object.assign(new Protocol(nats), { transport: { version } });
      const calls: unknown[] = [];
      const nc = { info, protocol, isClosed: () => false, publish: (...args: unknown[]) => calls.push(args[0]) };
      const writer = new WireWriter(
        { nc } as unknown as Connection,
        clientOf(nats),
        new PublishErrors('e'),
        'e',
        console,
      );
      writer.write(destinations[0]!, new JsonMessage('{"größe":1}', from('i'), undefined, '1', 'c'));
      writer.send();
      expect([calls, protocol.bytes]).toEqual([['a.b'], '']);
    },
  );
});
