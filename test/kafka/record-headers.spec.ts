import { describe, expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';

import type { RawHeader } from '../../lib/driver/index.js';
import { KafkaRecord } from '../../lib/kafka/driver/consumer/record.js';
import { LeftOut, recordHeaders } from '../../lib/kafka/record-headers.js';

const raw = (name: string, value: string | null): RawHeader => [name, value === null ? null : Buffer.from(value)];

describe('headers of a record', () => {
  const read = (headers: unknown): KafkaRecord => {
    const origin = { place: '', topic: 't', partition: 0, params: undefined };
    return new KafkaRecord(origin, { headers, key: null, value: null } as unknown as KafkaMessage);
  };

  it('are read as kafkajs gives them: repeated ones as a list, without a value as null', () => {
    const incoming = read({ a: Buffer.from('1'), b: [Buffer.from('2'), null, Buffer.from('3')], none: null });
    expect(incoming.rawHeaders()).toEqual([
      raw('a', '1'),
      raw('b', '2'),
      raw('b', null),
      raw('b', '3'),
      raw('none', null),
    ]);
    expect([incoming.headers(), incoming.rawKey]).toEqual([{ a: '1', b: '3' }, undefined]);
    expect(read(undefined).rawHeaders()).toEqual([]);
  });

  it('are written as kafkajs takes them, without a prototype changed', () => {
    const made = recordHeaders({ a: '1' }, [
      raw('b', '2'),
      raw('b', '3'),
      raw('b', '4'),
      raw('c', ''),
      raw('__proto__', 'x'),
    ]);
    expect(Object.entries(made)).toEqual([
      ['a', '1'],
      ['b', ['2', '3', '4'].map((value) => Buffer.from(value))],
      ['c', Buffer.alloc(0)],
      ['__proto__', Buffer.from('x')],
    ]);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  it('without a value are left out, which the log says once for each name', () => {
    const told: string[] = [];
    const leftOut = new LeftOut('orders', 'kafkajs', { warn: (message) => told.push(message) });
    const fine = [raw('a', '1')];
    expect(leftOut.of(fine)).toBe(fine);
    for (let time = 0; time < 3; time++) expect(leftOut.of([...fine, raw('none', null)])).toEqual(fine);
    expect(told).toEqual([expect.stringContaining('"none" has no value and is not published')]);
  });
});
