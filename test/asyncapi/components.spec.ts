import { describe, expect, it } from '@jest/globals';
import { Parser } from '@asyncapi/parser';
import { Test } from '@nestjs/testing';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import { z } from 'zod';
import { AsyncApi } from '../../lib/asyncapi/index.js';
import { SchemaComponents } from '../../lib/asyncapi/schemas/components.js';
import { PayloadSchemas } from '../../lib/asyncapi/schemas/payload-schemas.js';
import type { StandardSchema } from '../../lib/driver/index.js';
import { Subscribe } from '../../lib/index.js';
import { info, richModule } from './rich-app.js';

class Node {
  @IsString()
  name: string = '';

  @IsOptional()
  @ValidateNested()
  @Type(() => Node)
  next?: Node;
}

class Author {
  @ValidateNested({ each: true })
  @Type(() => Book)
  books: object[] = [];
}

class Book {
  @ValidateNested()
  @Type(() => Author)
  author?: Author;
}

const Line = z.object({ sku: z.string() }).meta({ id: 'Line' });

class Shape {
  @ApiProperty({ examples: { small: { value: 1 } } })
  size: number = 0;
}
const broken = { type: 'object', properties: { a: { $ref: 'Node' }, b: { $ref: '#/properties/50%' } } };
const Broken: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'mine',
    validate: (value) => ({ value }),
    jsonSchema: { input: () => broken, output: () => broken },
  } as StandardSchema['~standard'],
};

class Odd {
  @Subscribe('orders', 'shapes')
  shape(_: Shape) {}

  @Subscribe('orders', 'broken', { schema: Broken })
  broken(_: unknown) {}
}

class Recursive {
  @Subscribe('orders', 'nodes')
  node(_: Node) {}

  @Subscribe('orders', 'authors')
  author(_: Author) {}

  @Subscribe('orders', 'books')
  book(_: Book) {}

  @Subscribe('orders', 'line', { schema: z.array(Line) })
  lines(_: unknown) {}

  @Subscribe('orders', 'one.line', { schema: Line })
  line(_: unknown) {}
}

describe('components of schemas', () => {
  it('have a class that refers to itself once', async () => {
    const schemas = new PayloadSchemas();
    const made = await schemas.of({ type: Node }, 'input', 'x');
    expect(made?.payload).toEqual({ $ref: '#/components/schemas/Node' });
    expect(schemas.components.schemas).toMatchObject({
      Node: { properties: { name: {}, next: { $ref: '#/components/schemas/Node' } } },
    });
  });

  it('have classes that refer to each other once', async () => {
    const schemas = new PayloadSchemas();
    for (const type of [Author, Book]) await schemas.of({ type }, 'input', 'x');
    expect(Object.keys(schemas.components.schemas).sort()).toEqual(['Author', 'Book']);
  });

  it('leave its name to a definition where the channel is called alike', async () => {
    const schemas = new PayloadSchemas();
    const made = await schemas.of({ schema: z.array(Line) }, 'input', 'Line');
    await schemas.of({ schema: Line }, 'input', 'OneLine');
    expect(made?.name).toBe('Line-2');
    expect(schemas.components.schemas).toEqual({
      'Line-2': { type: 'array', items: { $ref: '#/components/schemas/Line' } },
      Line: expect.objectContaining({ type: 'object' }),
    });
  });

  it('keep definitions apart whose names are alike in a document', () => {
    const components = new SchemaComponents();
    const definitions = { 'a b': { type: 'string' }, a_b: { type: 'number' } };
    const properties = { text: { $ref: '#/definitions/a%20b' }, number: { $ref: '#/definitions/a_b' } };
    components.add('Both', { type: 'object', properties, definitions });
    expect(components.schemas).toEqual({
      Both: {
        type: 'object',
        properties: { text: { $ref: '#/components/schemas/a_b' }, number: { $ref: '#/components/schemas/a_b-2' } },
      },
      a_b: { type: 'string' },
      'a_b-2': { type: 'number' },
    });
  });

  it.each([
    '#/properties/a',
    '#/definitions/gone',
    '#/definitions/Own/properties/b',
    '#/definitions/50%',
    'Node',
    'a.json',
  ])('say of %s that it refers to nothing in the document', ($ref) => {
    const components = new SchemaComponents();
    const definitions = { Own: { properties: { b: { type: 'string' } } } };
    components.add('Root', { type: 'object', properties: { a: {}, b: { $ref, type: 'string' } }, definitions });
    expect(components.schemas['Root']).toEqual({
      type: 'object',
      properties: { a: {}, b: { 'x-schema-missing': `${$ref} is no definition of the schema` } },
    });
  });

  it('refer to schemas by their $id, and to others by their address', () => {
    const components = new SchemaComponents();
    const $ref = 'https://example.com/other.json';
    const properties = { node: { $ref: 'Node' }, line: { $ref: 'urn:line' }, other: { $ref } };
    components.add('Tree', { $id: 'Node', properties, definitions: { Line: { $id: 'urn:line', type: 'string' } } });
    expect(components.schemas['Tree']).toEqual({
      properties: {
        node: { $ref: '#/components/schemas/Tree' },
        line: { $ref: '#/components/schemas/Line' },
        other: { $ref },
      },
    });
  });

  it('refer by # to the definition that the schema is', () => {
    const components = new SchemaComponents();
    components.add('x', { $ref: '#/$defs/Node', $defs: { Node: { properties: { next: { $ref: '#' } } } } });
    expect(components.schemas).toEqual({ Node: { properties: { next: { $ref: '#/components/schemas/Node' } } } });
  });

  it.each([Recursive, Odd])('are of a valid document: %p', async (handlers) => {
    const app = await Test.createTestingModule({ imports: [richModule(handlers)] }).compile();
    const { diagnostics } = await new Parser().parse(JSON.stringify(await AsyncApi.document(app, { info })));
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
  });
});
