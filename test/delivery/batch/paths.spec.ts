import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { fromConfig, outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { toStream } from '../../../lib/nats/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

afterEach(closeTestApps);

const IDS = ['1', '2', '3'];

type Result = (payloads: readonly string[]) => unknown;

/** Handles messages of `in.1`, `in.2` and so on in one batch, and gives what was published by it. */
async function published(result: Result, ids = IDS) {
  @Injectable()
  class Bridge {
    @Subscribe('events', 'in.{id}', { batch: { maxSize: 10, maxWaitMs: 10 }, ack: 'reject-on-error' })
    @PublishTo('events', 'unused')
    on(@Payload() payloads: string[]) {
      return result(payloads);
    }
  }
  const { harness, broker } = await testApp([Bridge]);
  for (const id of ids) await broker('events').publish(`in.${id}`, `of ${id}`);
  const failure: unknown = await harness.clock.advance(10).catch((thrown: unknown) => thrown);
  const out = harness.published('events').filter(({ destination }) => !destination.startsWith('in.'));
  return {
    failure,
    out: out.map(({ destination, payload }) => [destination, payload]),
    deliveries: harness
      .deliveries()
      .map(({ outcome, error }) => [outcome, (error as { code?: string } | undefined)?.code]),
  };
}

const to = { destination: 'out.{id}' };

describe('the path of an item of a batch', () => {
  it('is filled from message i for item i, and for each of its outgoing.each()', async () => {
    const single = await published((payloads) => payloads.map((payload) => outgoing(payload, to)));
    expect(single.out).toEqual(IDS.map((id) => [`out.${id}`, `of ${id}`]));
    const several = await published((payloads) =>
      payloads.map((payload) => outgoing.each([outgoing(payload, to), outgoing('more', to)])),
    );
    expect(several.out).toEqual(
      IDS.flatMap((id) => [
        [`out.${id}`, `of ${id}`],
        [`out.${id}`, 'more'],
      ]),
    );
  });

  it.each([
    ['three messages', IDS],
    ['one message', ['1']],
  ])(
    'of outgoing.each() for the whole batch, here of %s, has no value without params: an error of its messages',
    async (_of, ids) => {
      for (const params of [undefined, { other: 'x' }]) {
        const each: Result = (payloads) => outgoing.each(payloads.map((one) => outgoing(one, { ...to, params })));
        const { out, failure, deliveries } = await published(each, ids);
        expect(failure).toMatchObject({
          code: 'MULTI_BROKER_ADDRESS_INVALID',
          message: expect.stringContaining("the value of 'id': there is none"),
        });
        expect(out).toEqual([]);
        expect(deliveries).toEqual(ids.map(() => ['rejected', 'MULTI_BROKER_ADDRESS_INVALID']));
      }
    },
  );

  it('of outgoing.each() for the whole batch is filled by params', async () => {
    const { out, deliveries } = await published((payloads) =>
      outgoing.each(payloads.map((one, index) => outgoing(one, { ...to, params: { id: `x${String(index)}` } }))),
    );
    expect(out).toEqual([
      ['out.x0', 'of 1'],
      ['out.x1', 'of 2'],
      ['out.x2', 'of 3'],
    ]);
    expect(deliveries).toEqual(IDS.map(() => ['acked', undefined]));
  });
});

describe('a path in @PublishTo beside batch', () => {
  it.each([
    ['a subject', 'out.{id}'],
    ['a stream', toStream('out.{id}')],
    ['one of fromConfig()', fromConfig('OUT', (out: string) => out)],
  ])('is refused at the start: %s', async (_what, destination) => {
    @Injectable()
    class Bridge {
      @Subscribe('events', 'in.{id}', { batch: { maxSize: 10 } })
      @PublishTo('events', destination)
      on(@Payload() payloads: string[]) {
        return payloads;
      }
    }
    await expect(testApp([Bridge, { provide: 'OUT', useValue: 'out.{id}' }])).rejects.toMatchObject({
      problems: [
        {
          code: 'MULTI_BROKER_OPTION_UNSUPPORTED',
          message: expect.stringMatching(/out\.\{id\}.* has placeholders beside batch, .* by outgoing\(\)/),
        },
      ],
    });
  });
});
