import { TypeScriptGenerator } from '@asyncapi/modelina';
import { expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import ts from 'typescript';
import { AsyncApi } from '../../lib/asyncapi/index.js';
import { info, richModule } from './rich-app.js';

it('a kept generator makes types of a client that compile, and are those of the schemas', async () => {
  const app = await Test.createTestingModule({ imports: [richModule()] }).compile();
  const document = await AsyncApi.document(app, { info });
  // Its newest version knows 3.0 only, of which 3.1 is an extension that the document makes no use of.
  const models = await new TypeScriptGenerator({ modelType: 'interface' }).generate({ ...document, asyncapi: '3.0.0' });
  const code = models.map(({ result }) => result).join('\n');
  const { diagnostics = [] } = ts.transpileModule(code, { reportDiagnostics: true });
  expect(diagnostics.map(({ messageText }) => messageText)).toEqual([]);
  expect(models.map(({ modelName }) => modelName)).toEqual(
    expect.arrayContaining(['Order', 'Customer', 'Address', 'Receipt', 'Price']),
  );
  expect(code).toMatch(/interface Order \{\s+id: string;\s+lines: \w+\[\];/);
  expect(code).toMatch(/interface Price \{\s+amount: number;\s+currency: string \| null;/);
});
