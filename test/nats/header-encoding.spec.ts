import { describe, expect, it } from '@jest/globals';
import type { RawHeader } from '../../lib/driver/index.js';
import { headerProblem, headersOf, keyLine, keyOf, rawHeadersOf, rawLines } from '../../lib/nats/header-names.js';

const grouped = (raw: readonly RawHeader[]): Map<string, string[]> => {
  const lines = new Map<string, string[]>();
  for (const [name, value] of rawLines(raw)) lines.set(name, [...(lines.get(name) ?? []), value]);
  return lines;
};

describe('headers as bytes', () => {
  const header = (name: string, value: string | Buffer | null): RawHeader => [
    name,
    value === null ? null : Buffer.from(value as string),
  ];

  it.each<[string, RawHeader[]]>([
    ['bytes with a line break', [header('kafka_dlt-original-partition', Buffer.from([0, 0, 0, 10]))]],
    ['bytes that are no UTF-8', [header('schema', Buffer.from([0xff, 0xfe]))]],
    ['a text of several lines', [header('trace', 'Error: x\n\tat y')]],
    ['blanks around a value', [header('a', ' x ')]],
    ['no value, and an empty one', [header('none', null), header('empty', '')]],
    [
      'a blank, a colon, an equals sign or another letter in a name',
      [header('X Y', '1'), header('a:b=c', '2'), header('ü', '3')],
    ],
    ['a name of nothing, or of Object.prototype', [header('', '1'), header('__proto__', '2')]],
    [
      'a name that the library reads as something else',
      [header('message-key', 'k'), header('multi-broker-header', 'x')],
    ],
    [
      'a header that is repeated, one of its values no text',
      [header('a', '1'), header('a', Buffer.from([0xff])), header('a', '2')],
    ],
  ])('that hold %s are carried in header lines and read back', (_, raw) => {
    for (const [name, value] of rawLines(raw)) expect(headerProblem(name, value)).toBeUndefined();
    expect(rawHeadersOf(grouped(raw))).toEqual(raw);
  });

  it('that are texts are carried as they are, repeated ones too', () => {
    const raw = [header('a', '1'), header('b', 'grüß'), header('a', '2')];
    expect(rawLines(raw)).toEqual([
      ['a', '1'],
      ['b', 'grüß'],
      ['a', '2'],
    ]);
  });

  it('are texts to who asks for texts: of repeated ones the last', () => {
    const raw = [header('a', '1\n'), header('a', '2'), header('none', null)];
    expect(headersOf(grouped(raw))).toEqual({ a: '2' });
  });

  it('that somebody else wrote in another form stay what they are', () => {
    expect(rawHeadersOf([['multi-broker-header', ['%zz=x']]])).toEqual([header('multi-broker-header', '%zz=x')]);
  });
});

describe('a key', () => {
  it.each([['k'], ['grüß'], [''], [' k '], ['k\nl'], [Buffer.from([0xff, 0x01])], [Buffer.from('text')]])(
    '%j is read as the bytes that were written',
    (key) => {
      const [name, value] = keyLine(key);
      expect(Buffer.from(keyOf([[name, [value]]]) as string)).toEqual(Buffer.from(key as string));
    },
  );

  it('that is a text is one to every client, given as bytes too', () => {
    expect([keyLine('k'), keyLine(Buffer.from('k'))]).toEqual([
      ['message-key', 'k'],
      ['message-key', 'k'],
    ]);
  });
});
