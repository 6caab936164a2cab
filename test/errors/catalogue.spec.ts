import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { catalogue, type ErrorCode, MultiBrokerError } from '../../lib/errors/index.js';

const codes = Object.keys(catalogue) as ErrorCode[];

interface Row {
  readonly code: string;
  readonly retryable: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** The rows of the table of docs/errors.md, in order. */
function documented(): Row[] {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/errors.md'), 'utf8');
  return page.split('\n').flatMap((line) => {
    const [, code = '', retryable = '', meaning = '', remedy = ''] = line.split('|').map((cell) => cell.trim());
    return code.startsWith('`MULTI_BROKER_') ? [{ code: code.slice(1, -1), retryable, meaning, remedy }] : [];
  });
}

describe('docs/errors.md', () => {
  it('lists every code of the catalogue once, and no other', () => {
    expect(documented().map(({ code }) => code)).toEqual(codes);
  });

  it('says of each what the catalogue says', () => {
    const said = documented().map(({ code, retryable, remedy }) => ({ code, retryable, remedy }));
    const known = codes.map((code) => {
      const { retryable, remedy } = catalogue[code];
      return { code, retryable: retryable ? 'yes' : 'no', remedy };
    });
    expect(said).toEqual(known);
  });

  it('says what each means', () => {
    for (const { code, meaning } of documented()) expect([code, meaning.length > 20]).toEqual([code, true]);
  });
});

describe('the catalogue', () => {
  it.each(codes)('%s has a remedy that is a sentence', (code) => {
    expect(catalogue[code].remedy).toMatch(/^[A-Z"`@].*\.$/);
  });

  it.each(codes)('%s tells it at the end of its error', (code) => {
    const error = new MultiBrokerError(code, 'Something happened');
    expect(error.message).toBe(`Something happened. ${catalogue[code].remedy}`);
    expect([error.code, error.retryable]).toEqual([code, catalogue[code].retryable]);
  });
});
