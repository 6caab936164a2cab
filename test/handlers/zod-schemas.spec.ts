import { afterEach, describe, expect, it } from '@jest/globals';
import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import * as v from 'valibot';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { z as v3 } from 'zod/v3';
import { z as v4 } from 'zod/v4';
import type { StandardSchema } from '../../lib/driver/index.js';
import { byType, Payload, Subscribe } from '../../lib/index.js';
import { argumentStage } from '../../lib/handlers/pipeline/arguments.js';
import { checkingOnce } from '../../lib/handlers/zod-schema.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

const checkedBy = (schema: StandardSchema, value: unknown): unknown =>
  checkingOnce(schema)['~standard'].validate(value);

type Check = (id: string) => boolean | Promise<boolean>;

/** An object whose `id` is checked so, as each edition of zod writes it. */
const editions: [string, (check: Check) => StandardSchema][] = [
  ['zod', (check) => z.object({ id: z.string().refine(check, 'duplicate') })],
  ['zod/v4', (check) => v4.object({ id: v4.string().refine(check, 'duplicate') })],
  ['zod/mini', (check) => mini.object({ id: mini.string().check(mini.refine(check, 'duplicate')) })],
  ['zod/v3', (check) => v3.object({ id: v3.string().refine(check, 'duplicate') })],
];

/** Stands for a store in which the first who claims an id has it. */
class Claims {
  readonly asked: string[] = [];

  readonly claim = async (id: string): Promise<boolean> => {
    await Promise.resolve();
    if (id === 'poison') throw new Error('no store');
    return this.asked.push(id) === new Set(this.asked).size;
  };
}

describe.each(editions)('an asynchronous schema of %s', (_, schemaOf) => {
  function shop(schema: StandardSchema) {
    @Injectable()
    class Orders {
      readonly seen: unknown[] = [];

      @Subscribe('orders', 'created', { schema, ack: 'reject-on-error', retry: { attempts: 1 } })
      on(@Payload() order: unknown) {
        this.seen.push(order);
      }
    }
    return Orders;
  }

  it('checks each message once', async () => {
    const claims = new Claims();
    const Orders = shop(schemaOf(claims.claim));
    const { harness, get } = await testApp([Orders]);
    for (const id of ['7', '8']) await harness.publish('orders', 'created', { id });
    expect(get(Orders).seen).toEqual([{ id: '7' }, { id: '8' }]);
    expect(claims.asked).toEqual(['7', '8']);
  });

  it('that refuses a message tells path and reason', async () => {
    const { harness } = await testApp([shop(schemaOf(async () => false))]);
    await expect(harness.publish('orders', 'created', { id: '7' })).rejects.toMatchObject({
      code: 'MULTI_BROKER_SCHEMA_INVALID',
      retryable: false,
      message: expect.stringContaining('id: duplicate'),
    });
  });

  // An unhandled rejection would fail this file.
  it('whose check rejects fails that message with its error, and the next one is handled', async () => {
    const Orders = shop(schemaOf(new Claims().claim));
    const { harness, get } = await testApp([Orders]);
    await expect(harness.publish('orders', 'created', { id: 'poison' })).rejects.toThrow('no store');
    await harness.publish('orders', 'created', { id: '8' });
    expect(get(Orders).seen).toEqual([{ id: '8' }]);
  });

  it('whose check throws at once fails the message with its error, after one call', async () => {
    const asked: string[] = [];
    const check = (id: string): Promise<boolean> => {
      asked.push(id);
      throw new Error('no store');
    };
    const { harness } = await testApp([shop(schemaOf(check))]);
    await expect(harness.publish('orders', 'created', { id: '7' })).rejects.toThrow('no store');
    expect(asked).toEqual(['7']);
  });

  it('of byType() checks each message once, and a check that rejects fails that message', async () => {
    const claims = new Claims();
    const filter = byType(schemaOf(claims.claim));
    const ask = async (id: string) => filter({ payload: { id }, headers: {} } as never);
    expect([await ask('7'), await ask('7'), await ask('8')]).toEqual([true, false, false]);
    expect(claims.asked).toEqual(['7', '7', '8']);
    await expect(ask('poison')).rejects.toThrow('no store');
  });

  it('of publish() checks each payload once, and a check that rejects fails that publish', async () => {
    const claims = new Claims();
    const schema = schemaOf(claims.claim);
    const { harness, broker } = await testApp([]);
    await broker('orders').publish('created', { id: '7' }, { schema });
    await expect(broker('orders').publish('created', { id: 'poison' }, { schema })).rejects.toThrow('no store');
    expect(claims.asked).toEqual(['7']);
    expect(harness.published('orders')).toMatchObject([{ payload: { id: '7' } }]);
  });

  it('of a parameter is checked once by a pipe that validates by Standard Schema', async () => {
    const claims = new Claims();
    const schema = schemaOf(claims.claim);
    const pipe: PipeTransform = {
      transform: (value, metadata: ArgumentMetadata & { schema?: StandardSchema }) =>
        metadata.schema?.['~standard'].validate(value),
    };
    const parameter = { index: 0, type: 'own', pipes: [pipe], schema, extractValue: (payload: unknown) => payload };
    const call = argumentStage((checked) => checked, {}, [parameter], []);
    expect(await call({ id: '7' }, {})).toEqual({ value: { id: '7' } });
    expect(await call({ id: '7' }, {})).toMatchObject({ issues: [{ message: 'duplicate', path: ['id'] }] });
    expect(claims.asked).toEqual(['7', '7']);
    await expect(call({ id: 'poison' }, {})).rejects.toThrow('no store');
  });
});

describe('a schema is checked at once', () => {
  const part = z.object({ id: z.uuid(), at: z.iso.datetime().optional(), tags: z.array(z.string().trim().min(1)) });
  interface Tree {
    children: Tree[];
  }
  const tree: z.ZodType<Tree> = z.lazy(() => z.object({ children: z.array(tree) }));
  const recursive = z.object({
    get next() {
      return recursive.nullable();
    },
  });

  it.each<[string, StandardSchema]>([
    ['of objects, arrays and formats', part.extend({ n: z.coerce.number().int().multipleOf(2) }).strict()],
    [
      'of unions',
      z.discriminatedUnion('kind', [part.extend({ kind: z.literal('a') }), z.object({ kind: z.enum(['b']) })]),
    ],
    ['of records, maps, sets and tuples', z.tuple([z.record(z.string(), part), z.map(z.int(), part)], z.set(part))],
    ['with defaults and fallbacks', z.object({ a: z.string().default(() => 'x'), b: z.number().catch(() => 1) })],
    ['with messages of its own', z.string({ error: () => 'no text' }).min(3, { error: () => 'short' })],
    ['of itself, lazily', tree],
    ['of itself, by a getter', recursive],
    ['with a description', part.describe('an order').meta({ title: 'Order' }).readonly()],
    [
      'of zod/mini',
      mini.object({ id: mini.string().check(mini.minLength(1), mini.trim()), n: mini.optional(mini.number()) }),
    ],
    [
      'of zod/v3',
      v3.object({ id: v3.string().uuid().default('x'), tags: v3.array(v3.lazy(() => v3.string())) }).strict(),
    ],
    [
      'of valibot',
      v.object({
        id: v.pipe(
          v.string(),
          v.check((id) => id !== ''),
        ),
      }),
    ],
  ])('%s', (_, schema) => {
    expect(checkedBy(schema, {})).not.toBeInstanceOf(Promise);
  });

  it('with what a promise may come from, it is not', () => {
    const unknown: (() => StandardSchema)[] = [
      () => z.string().refine(() => true),
      () => z.string().superRefine(() => undefined),
      () => z.string().check(() => undefined),
      () => z.string().transform((text) => text),
      () => z.preprocess((text) => text, z.string()),
      () => z.promise(z.string()),
      () => z.custom(() => true),
      () => z.codec(z.string(), z.number(), { decode: Number, encode: String }),
      () => z.array(z.object({ id: z.lazy(() => z.string().refine(() => true)) })),
      () => mini.string().check(mini.refine(() => true)),
      () => z.object({ _def: z.string(), _zod: z.string(), error: z.string().refine(() => true) }),
      () =>
        z
          .object({ id: z.string() })
          .extend({ more: z.string().refine(() => true) })
          .partial(),
      () => v3.object({ getter: v3.string(), error: v3.string().refine(() => true) }),
      () => v3.string().transform((text) => text),
      () => v3.promise(v3.string()),
    ];
    expect(unknown.map((schemaOf) => checkedBy(schemaOf(), 'x') instanceof Promise)).toEqual(unknown.map(() => true));
  });

  it('but not if its parts never end, or cannot be read', () => {
    const endless = (): z.ZodType => z.lazy(() => z.object({ next: endless().optional() }));
    const broken = z.lazy(() => {
      throw new Error('a circular import');
    });
    const results = [checkedBy(endless(), {}), checkedBy(broken, {})];
    expect(results.every((result) => result instanceof Promise)).toBe(true);
    return Promise.allSettled(results);
  });
});
