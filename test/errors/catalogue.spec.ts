import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { catalogue, type ErrorCode, MultiBrokerError, PHRASES } from '../../lib/errors/index.js';

const root = path.resolve(import.meta.dirname, '../..');
const page = path.join(root, 'docs/errors.md');
const codes = Object.keys(catalogue) as ErrorCode[];

/** The messages of a code, by name; of a single one '' is the name. */
function messagesOf(code: ErrorCode): Readonly<Record<string, string>> {
  const entry: { readonly message: string } | { readonly messages: Readonly<Record<string, string>> } = catalogue[code];
  return 'message' in entry ? { '': entry.message } : entry.messages;
}

interface Row {
  readonly code: string;
  readonly retryable: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** The rows of the table of docs/errors.md, in order. */
function documented(): Row[] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, code = '', retryable = '', meaning = '', remedy = ''] = line.split('|').map((cell) => cell.trim());
      return code.startsWith('`MULTI_BROKER_') ? [{ code: code.slice(1, -1), retryable, meaning, remedy }] : [];
    });
}

/** Each code and beneath it its messages, as a page can show them. */
function listOfMessages(): string {
  const lines = codes.flatMap((code) => [code, ...Object.values(messagesOf(code)).map((text) => `  ${shown(text)}`)]);
  return lines.join('\n');
}

const shown = (text: string): string => text.replaceAll('\n', '\\n');

/** The block of docs/errors.md under a heading; with UPDATE_DOCS=1 it is written anew. */
function block(heading: string, wanted: string): string {
  const pattern = new RegExp(`(\n## ${heading}\n[^#]*?\`\`\`text\n)([\\s\\S]*?)(\n\`\`\`)`);
  const text = readFileSync(page, 'utf8');
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(
      page,
      text.replace(pattern, (_, before: string, __, after: string) => before + wanted + after),
    );
    return wanted;
  }
  return pattern.exec(text)?.[2] ?? '';
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

  // Written by `UPDATE_DOCS=1 npm run test:unit -- test/errors/catalogue`.
  it('lists the messages of each code as templates', () => {
    expect(block('Messages', listOfMessages())).toBe(listOfMessages());
  });

  it('lists what fills their placeholders', () => {
    const phrases = Object.values(PHRASES).map(shown).join('\n');
    expect(block('Parts of messages', phrases)).toBe(phrases);
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

  it.each(codes)('%s has messages that differ, none with its remedy', (code) => {
    const texts = Object.values(messagesOf(code));
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) expect(text).not.toContain(catalogue[code].remedy);
  });
});

describe('what the catalogue says', () => {
  const lib = path.join(root, 'lib');
  const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith(path.join('errors', 'catalogue')))
    .map((file) => readFileSync(path.join(lib, file), 'utf8'))
    .join('\n');
  const ids = codes.flatMap((code) => Object.keys(messagesOf(code)).map((name) => [code, name]));

  it.each(ids)('is said somewhere: %s %s', (code, name) => {
    // An id may be put together, of a code or a name that the compiler has checked.
    const literal = name === '' ? `'${code}'` : `'${code}.${name}'`;
    const composed = [`\`${code}.\${`, `}.${name}\``];
    expect([literal, ...composed].some((text) => sources.includes(text))).toBe(true);
  });

  it.each(Object.keys(PHRASES))('is said somewhere: %s', (name) => {
    expect(sources).toContain(`'${name}'`);
  });
});
