import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { neededPackage, optionalPackage } from '../../lib/asyncapi/peers.js';
import { toDraft07 } from '../../lib/asyncapi/schemas/draft-07.js';
import { PayloadSchemas } from '../../lib/asyncapi/schemas/payload-schemas.js';
import type { StandardSchema } from '../../lib/driver/index.js';

describe('schemas of payloads', () => {
  it('are one component where they are equal, and numbered where only their names are', async () => {
    const schemas = new PayloadSchemas();
    const named = () => z.object({ a: z.string() }).meta({ title: 'A' });
    await schemas.of({ schema: named() }, 'input', 'x');
    await schemas.of({ schema: named() }, 'input', 'y');
    const other = await schemas.of({ schema: z.object({ b: z.string() }).meta({ title: 'A' }) }, 'input', 'z');
    expect([Object.keys(schemas.components.schemas), other?.name]).toEqual([['A', 'A2'], 'A2']);
  });

  it('are what a schema takes to read, and what it gives to publish', async () => {
    const schemas = new PayloadSchemas();
    const schema = z.object({ n: z.string().transform(Number).pipe(z.number()) });
    const [input, output] = [
      await schemas.of({ schema }, 'input', 'In'),
      await schemas.of({ schema }, 'output', 'Out'),
    ];
    const properties = [input, output].map((one) => schemas.components.schemas[one!.name]?.['properties']);
    expect(properties).toEqual([{ n: { type: 'string' } }, { n: { type: 'number' } }]);
  });

  it('leave data and names of properties alone, whatever keyword they are called by', async () => {
    const schemas = new PayloadSchemas();
    const schema = z
      .object({ id: z.string(), example: z.string(), definitions: z.string(), nullable: z.boolean() })
      .meta({ examples: [{ id: '1', $ref: '#' }] });
    const made = await schemas.of({ schema }, 'input', 'Odd');
    expect(schemas.components.schemas['Odd']).toMatchObject({
      properties: { id: {}, example: {}, definitions: {}, nullable: {} },
    });
    expect(made?.examples).toEqual([{ id: '1', $ref: '#' }]);
    const property = { example: { type: 'string', example: 'x', nullable: true } };
    expect(toDraft07({ properties: property })).toEqual({
      properties: { example: { type: ['string', 'null'], examples: ['x'] } },
    });
  });

  it.each([
    [{ minimum: 0, exclusiveMinimum: true }, { exclusiveMinimum: 0 }],
    [{ maximum: 9, exclusiveMaximum: false }, { maximum: 9 }],
    [{ type: 'object', discriminator: { propertyName: 'kind' } }, { type: 'object' }],
    [
      { type: 'object', discriminator: 'kind' },
      { type: 'object', discriminator: 'kind' },
    ],
    [{ type: 'string', examples: { one: { value: 'a' } } }, { type: 'string' }],
    [
      { type: 'string', examples: ['a'] },
      { type: 'string', examples: ['a'] },
    ],
    [{ $ref: '#/definitions/A', nullable: true }, { anyOf: [{ $ref: '#/definitions/A' }, { type: 'null' }] }],
  ])('of OpenAPI 3.0 as %j are %j in draft 7', (given, expected) => {
    expect(toDraft07(given)).toEqual(expected);
  });

  it('say why there is none, of a schema that gives no JSON Schema', async () => {
    const schema: StandardSchema = { '~standard': { version: 1, vendor: 'mine', validate: (value) => ({ value }) } };
    expect(await new PayloadSchemas().of({ schema }, 'input', 'Mine')).toEqual({
      name: 'Mine',
      missing: 'A schema of mine gives no JSON Schema',
    });
  });

  it('have the name of a class without decorators, and nothing else', async () => {
    class Plain {
      a = 1;
    }
    expect(await new PayloadSchemas().of({ type: Plain }, 'input', 'x')).toEqual({ name: 'Plain' });
  });
});

describe('an optional package that is not installed', () => {
  const name = 'nestjs-multi-broker-is-not-there';
  const load = () => import(name);

  it('is undefined where the document can do without', async () => {
    expect(await optionalPackage(name, load)).toBeUndefined();
  });

  it('is an error that says what to install, where it is needed', async () => {
    await expect(neededPackage(name, 'A document as YAML', load)).rejects.toMatchObject({
      code: 'MULTI_BROKER_PACKAGE_MISSING',
      message: expect.stringContaining(`npm install ${name}`),
    });
  });
});
