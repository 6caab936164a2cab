import { expect, it } from '@jest/globals';
import { Parser } from '@asyncapi/parser';
import { Test } from '@nestjs/testing';
import { AsyncApi } from '../../lib/asyncapi/index.js';
import { info, richModule } from './rich-app.js';

it('a document of all features is valid, without a warning or a remark', async () => {
  const app = await Test.createTestingModule({ imports: [richModule()] }).compile();
  const document = await AsyncApi.document(app, { info });
  const { diagnostics } = await new Parser().parse(JSON.stringify(document));
  expect(diagnostics.map(({ code, message, path }) => `${String(code)} ${path.join('.')}: ${message}`)).toEqual([]);
});
