import type { Type } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { Parser } from '@asyncapi/parser';
import { Test } from '@nestjs/testing';
import { AsyncApi, type AsyncApiDocument } from '../../lib/asyncapi/index.js';
import { NamesakeModule } from './namesake-app.js';
import { info, richModule } from './rich-app.js';

async function documentOf(module: Type): Promise<AsyncApiDocument> {
  const app = await Test.createTestingModule({ imports: [module] }).compile();
  return AsyncApi.document(app, { info });
}

async function said(document: AsyncApiDocument): Promise<string[]> {
  const { diagnostics } = await new Parser().parse(JSON.stringify(document));
  return diagnostics.map(({ code, message, path }) => `${String(code)} ${path.join('.')}: ${message}`);
}

describe('a document is valid, without a warning or a remark:', () => {
  it('of all features', async () => {
    expect(await said(await documentOf(richModule()))).toEqual([]);
  });

  it('of two clusters with one prefix and the same topics, a stream and subjects of one name, and namesakes', async () => {
    expect(await said(await documentOf(NamesakeModule))).toEqual([]);
  });
});

describe('of two classes of one name', () => {
  it('each has operations of its own, tied to what it alone receives', async () => {
    const { operations } = await documentOf(NamesakeModule);
    const mine = Object.entries(operations).filter(([key]) => key.startsWith('Mirror.copy'));
    expect(mine.map(([key, one]) => [key, one['x-receives'] ?? one['x-sends']])).toEqual([
      ['Mirror.copy.receive', ['Mirror.copy.send', 'Mirror.copy.deadLetter']],
      ['Mirror.copy.send', ['Mirror.copy.receive']],
      ['Mirror.copy.deadLetter', ['Mirror.copy.receive']],
      ['Mirror.copy.receive-2', ['Mirror.copy.send-2', 'Mirror.copy.deadLetter-2']],
      ['Mirror.copy.send-2', ['Mirror.copy.receive-2']],
      ['Mirror.copy.deadLetter-2', ['Mirror.copy.receive-2']],
    ]);
  });
});

it('the {source} of a path is a placeholder of it, and that of a dead letter the topic or subject', async () => {
  const { channels } = await documentOf(NamesakeModule);
  const told = (key: string) => channels[key]?.parameters?.['source']?.description;
  expect(told('events/eu.copies.source')).toBe('Placeholder source of the address');
  expect(told('east/eu.orders.source.copied')).toBe('Placeholder source of the address');
});
