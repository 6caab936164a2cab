import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import * as natsIo from '@nats-io/transport-node';
import * as nats from 'nats';

import type { ClientConnection } from '../../../lib/nats/driver/connection/client-port.js';
import { TRIED as NATS_2 } from '../../../lib/nats/driver/connection/nats-2/client.js';
import { TRIED as NATS_IO } from '../../../lib/nats/driver/connection/nats-io/client.js';
import { rawWire } from '../../../lib/nats/driver/connection/nats-js/raw-wire.js';
import { WireBuffer } from '../../../lib/nats/driver/connection/wire-writer.js';
import { realBrokers, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { natsLibrary } from '../../support/nats-library.js';

jest.setTimeout(60_000);

const [connect, TRIED] = natsLibrary === 'nats' ? [nats.connect, NATS_2] : [natsIo.connect, NATS_IO];

whenBrokers(describe)('a wire buffer', () => {
  let nc: nats.NatsConnection | natsIo.NatsConnection;
  beforeAll(async () => {
    nc = await connect({ servers: realBrokers().nats });
  });
  afterAll(() => nc.close());

  it('arrives as the messages that were added, in order, whatever their sizes', async () => {
    const subject = uniqueName('frame');
    const seen: (nats.Msg | natsIo.Msg)[] = [];
    nc.subscribe(subject, {
      callback: (_error: Error | null, message: nats.Msg | natsIo.Msg) => void seen.push(message),
    });
    const buffer = new WireBuffer(rawWire(nc, TRIED)!);
    const block = 'NATS/1.0\r\nx-u: größe €\r\n\r\n';
    const large = Buffer.alloc(100_000, 'x');
    buffer.add(subject, undefined, '', Buffer.from('plain'));
    buffer.add(subject, 'answer.here', block, Buffer.from('größe'));
    buffer.add(subject, undefined, '', large);
    buffer.add(subject, undefined, block, new Uint8Array(0));
    const plain = 'NATS/1.0\r\nx-u: plain\r\n\r\n';
    const head = (body: number) => `HPUB ${subject} ${plain.length} ${plain.length + body}\r\n${plain}`;
    buffer.addWhole(head(9), 'no umlaut', 9);
    expect(buffer.addWhole(`HPUB ${subject} 27 34\r\n${block}`, 'größe', 7)).toBe(0);
    buffer.addWhole(head(7), 'größe', 7);
    buffer.send();
    buffer.add(subject, undefined, '', Buffer.from('a second frame'));
    buffer.send();
    await until(() => seen.length === 7, { what: 'all arrived' });
    expect(seen.map(({ data }) => data.length)).toEqual([5, 7, 100_000, 0, 9, 7, 14]);
    expect(seen[1]!.string()).toBe('größe');
    expect([seen[1]!.reply, seen[1]!.headers!.get('x-u')]).toEqual(['answer.here', 'größe €']);
    expect(seen[3]!.headers!.get('x-u')).toBe('größe €');
    expect([seen[4]!.headers!.get('x-u'), seen[4]!.string()]).toEqual(['plain', 'no umlaut']);
    expect([seen[5]!.headers!.get('x-u'), seen[5]!.string()]).toEqual(['plain', 'größe']);
    expect(Buffer.from(seen[2]!.data).equals(large)).toBe(true);
    expect(nc.stats().outMsgs).toBeGreaterThanOrEqual(6);
  });

  it('is not made on a client without the inside that it needs: its publish is used', () => {
    const info = { headers: true };
    expect(rawWire({ info, protocol: {} } as unknown as ClientConnection, TRIED)).toBeUndefined();
    expect(rawWire({ info } as unknown as ClientConnection, TRIED)).toBeUndefined();
  });
});
