import { describe, expect, it } from '@jest/globals';
import { auto, type Codec, json } from '../../lib/codec/index.js';
import type { SubscribeOptions } from '../../lib/driver/index.js';
import { checkWiring, type HandlerDeclaration } from '../../lib/handlers/index.js';
import { byHeader } from '../../lib/index.js';
import { kafkaBroker, topic } from '../../lib/kafka/index.js';
import { natsBroker, stream, subject } from '../../lib/nats/index.js';
import { declaration } from '../support/declaration.js';
import { TestContext } from '../support/delivery-context.js';

const orders = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } });
const events = natsBroker({ name: 'events', client: {} });

const check = (declarations: readonly HandlerDeclaration[], allowLateBrokers = false, definitions = [orders, events]) =>
  checkWiring(declarations, new Map(definitions.map((one) => [one.name, one])), { allowLateBrokers });

const handler = (name: string, options: SubscribeOptions = {}, fields: Partial<HandlerDeclaration> = {}) =>
  declaration({ handler: name, options, ...fields });
const filter = (): boolean => false;
const told = (declarations: readonly HandlerDeclaration[]) =>
  check(declarations).problems.map(({ code, handler: by, message }) => `${code} ${by}: ${message}`);

describe('handlers of one source', () => {
  it('are wired as one when all but at most one have a filter, the one without last', () => {
    const { bindings, problems } = check([
      handler('A.rest'),
      handler('A.one', { filter }),
      handler('A.two', { filter }),
    ]);
    expect(problems).toEqual([]);
    expect(bindings).toMatchObject([{ handler: 'A.rest, A.one and A.two', source: { address: 'created' } }]);
    expect(bindings[0]!.takers!.map((taker) => taker.binding.handler)).toEqual(['A.one', 'A.two', 'A.rest']);
  });

  it.each([
    ['a durable', 'events', stream('S', { durable: 'd' })],
    ['a queue group', 'events', subject('s.*', { queue: 'q' })],
    ['the topics of a RegExp', 'orders', topic(/^a/)],
  ])('may share %s', (_, broker, source) => {
    const both = [handler('A.one', { filter }, { broker, source }), handler('A.rest', {}, { broker, source })];
    const { bindings, problems } = check(both);
    expect([bindings.length, problems]).toEqual([1, []]);
  });

  it('of a subject without a queue group stay apart: each gets every message', () => {
    const broker = 'events';
    const { bindings } = check([handler('A.one', { filter }, { broker }), handler('A.rest', {}, { broker })]);
    expect(bindings.map(({ handler: by, takers }) => [by, takers])).toEqual([
      ['A.one', undefined],
      ['A.rest', undefined],
    ]);
  });

  it('are a clash without filters, whose remedy is a filter', () => {
    expect(told([handler('A.one'), handler('A.two', { filter }), handler('A.three')])).toEqual([
      expect.stringMatching(
        /^MULTI_BROKER_SOURCE_CLASH A\.three: .*topic created \(group g\) is already read by A\.one: .* give all but one handler a `filter`/,
      ),
    ]);
  });

  it('are a clash where their sources overlap and are not the same, also with a filter', () => {
    expect(told([handler('A.one', { filter }), handler('A.two', {}, { source: topic(/^cre/) })])).toEqual([
      expect.stringContaining('MULTI_BROKER_SOURCE_CLASH A.two'),
    ]);
  });

  it('have the options of the source in common', () => {
    const from = topic('created', { fromBeginning: false });
    expect(told([handler('A.one', { filter }), handler('A.two', {}, { source: from })])).toEqual([
      expect.stringContaining(
        'topic created (group g) is read with other options than by A.one (fromBeginning): handlers of one source share them',
      ),
    ]);
  });

  it('have those of a stream in common, as they are written', () => {
    const [one, two] = [stream('S', { durable: 'd' }), stream('S', { durable: 'd', ackWaitMs: 5, deliver: 'new' })];
    const broker = 'events';
    expect(
      told([handler('A.one', { filter }, { broker, source: one }), handler('A.two', {}, { broker, source: two })]),
    ).toEqual([expect.stringContaining('(ackWaitMs, deliver)')]);
  });

  it('are different methods', () => {
    const method = { type: Object, name: 'on', host: {} as never };
    const twice = [handler('A.on', { filter }, { method }), handler('A.on', { filter }, { method })];
    expect(told(twice)).toEqual([
      expect.stringContaining("A.on: A.on, broker 'orders': @Subscribe reads topic created (group g) twice"),
    ]);
  });

  it('have one concurrency of requests', () => {
    const fields = { broker: 'events', source: subject('s', { queue: 'q' }) };
    const options = { filter, concurrency: { requests: 2 } };
    expect(told([handler('A.one', options, fields), handler('A.two', {}, fields)])).toEqual([
      expect.stringContaining(
        'is read with another concurrency than by A.one (requests): handlers of one source share it',
      ),
    ]);
  });

  it('may have ack policies, retries, codecs and limits of their own', () => {
    const own: SubscribeOptions = { filter, ack: 'ack-first', retry: { attempts: 9 }, codec: json, maxProcessingMs: 5 };
    const { bindings, problems } = check([handler('A.one', own), handler('A.rest', { ack: 'manual' })]);
    expect(problems).toEqual([]);
    expect(bindings[0]!.takers!.map((taker) => taker.binding)).toMatchObject([
      { ack: 'ack-first', retry: { attempts: 9 }, maxProcessingMs: 5 },
      { ack: 'manual', retry: { attempts: 3 } },
    ]);
  });

  it('may take batches, each by limits of its own', () => {
    const { bindings, problems } = check([
      handler('A.one', { filter, batch: { maxSize: 5 } }),
      handler('A.two', { filter }),
      handler('A.rest', { batch: { maxSize: 9, maxWaitMs: 50 } }),
    ]);
    expect(problems).toEqual([]);
    expect(bindings).toMatchObject([{ batch: undefined }]);
    expect(bindings[0]!.takers!.map((taker) => taker.binding.batch)).toMatchObject([
      { maxSize: 5, maxWaitMs: 0 },
      undefined,
      { maxSize: 9, maxWaitMs: 50 },
    ]);
  });

  it('with a batch are called one after another', () => {
    const concurrency = 4;
    const both = [handler('A.one', { filter, concurrency, batch: { maxSize: 5 } }), handler('A.rest', { concurrency })];
    expect(told(both)).toEqual([
      expect.stringMatching(/^MULTI_BROKER_OPTION_UNSUPPORTED A\.one: .*set concurrency: 1 for all of them/),
    ]);
  });

  it('wait together for a broker that one of them publishes to', () => {
    const publishTo = [{ broker: 'late', destination: 'x', options: {} }];
    const both = [handler('A.one', { filter }), handler('A.rest', {}, { publishTo })];
    const { bindings, waiting, claims } = check(both, true);
    expect([bindings, waiting.map((one) => one.handler)]).toEqual([[], ['A.one', 'A.rest']]);
    expect(claims).toMatchObject([{ handler: 'A.one and A.rest', targets: ['late'] }]);
    const late = natsBroker({ name: 'late', client: {} });
    expect(check(waiting, true, [orders, events, late])).toMatchObject({
      bindings: [{ takers: [{}, {}] }],
      waiting: [],
    });
  });
});

describe('unmatched', () => {
  const of = (...options: SubscribeOptions[]) => options.map((one, place) => handler(`A.h${String(place)}`, one));

  it('of one handler holds for all', () => {
    const { bindings } = check(of({ filter }, { filter, unmatched: 'reject' }));
    expect(bindings).toMatchObject([{ unmatched: 'reject' }]);
  });

  it('of the broker holds where no handler says otherwise', () => {
    const rejecting = kafkaBroker({ name: 'orders', groupId: 'g', client: {} as never, unmatched: 'reject' });
    const unmatched = (...options: SubscribeOptions[]) =>
      check(of(...options), false, [rejecting]).bindings[0]!.unmatched;
    expect(unmatched({ filter }, { filter })).toBe('reject');
    expect(unmatched({ filter }, { filter, unmatched: 'ack' })).toBeUndefined();
    expect(unmatched({ filter })).toBe('reject');
  });

  it('has to be the same', () => {
    expect(told(of({ filter, unmatched: 'ack' }, { filter, unmatched: 'reject' }))).toEqual([
      expect.stringMatching(/^MULTI_BROKER_OPTION_INVALID A\.h1: .*unmatched differs from that of A\.h0/),
    ]);
  });

  it('is refused where a handler takes everything', () => {
    expect(told(of({ filter, unmatched: 'reject' }, {}))).toEqual([
      expect.stringMatching(
        /^MULTI_BROKER_OPTION_INVALID A\.h0: .*A\.h1, which has no filter, takes them: leave it out/,
      ),
    ]);
    expect(told(of({ unmatched: 'reject' }))).toHaveLength(1);
  });
});

describe('the payload', () => {
  const reading = (name: string): Codec & { reads: number } => ({
    reads: 0,
    encode: () => ({ body: Buffer.from('') }),
    decode() {
      this.reads++;
      return name;
    },
  });
  const seen: unknown[] = [];
  const payloadFilter = ({ payload }: { payload: unknown }): boolean => seen.push(payload) < 0;
  const takersOf = (...options: SubscribeOptions[]) =>
    check(options.map((one, place) => handler(`A.h${String(place)}`, one))).bindings[0]!.takers!;

  it('is decoded once for filters of one codec, and anew for one of another', () => {
    const [one, two] = [reading('one'), reading('two')];
    const takers = takersOf(
      { filter: payloadFilter, codec: one },
      { filter: payloadFilter, codec: one },
      { filter: payloadFilter, codec: two },
      { codec: one },
    );
    const context = new TestContext({ body: 'x' });
    expect(takers.map(({ wants }) => wants(context))).toEqual([false, false, false, true]);
    expect(seen.splice(0)).toEqual(['one', 'one', 'two']);
    void takers[3]!.binding.handle(context);
    expect([context.message.payload, one.reads, two.reads]).toEqual(['one', 2, 1]);
  });

  it('is not decoded for byHeader', () => {
    const codec = reading('x');
    const takers = takersOf({ filter: byHeader('type', 'a'), codec }, { codec: auto });
    const context = new TestContext({ body: 'text', headers: { type: 'b' } });
    expect(takers.map(({ wants }) => wants(context))).toEqual([false, true]);
    expect([context.message.payload, codec.reads]).toEqual([undefined, 0]);
  });
});
