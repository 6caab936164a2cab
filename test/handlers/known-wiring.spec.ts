import { describe, expect, it } from '@jest/globals';
import type { DeliveryContext } from '../../lib/delivery/index.js';
import type { BrokerDefinition } from '../../lib/driver/index.js';
import { errorOf } from '../../lib/errors/index.js';
import { checkWiring, type HandlerDeclaration } from '../../lib/handlers/index.js';
import { declaration } from '../support/declaration.js';
import { fakeBroker } from '../support/fake-kind.js';

const Orders = { name: 'Orders' };
const RETRY = { retry: { attempts: 7 } };

/** A broker that counts how often it is asked for a source, which the check of a wiring does. */
function counting(name = 'orders'): { readonly definition: BrokerDefinition; readonly asked: () => number } {
  const definition = fakeBroker({ name });
  let asked = 0;
  const source: BrokerDefinition['source'] = (from) => (asked++, definition.source(from));
  return { definition: { ...definition, source }, asked: () => asked };
}

/** As the explorer finds it in one application. */
function found(parts: Partial<HandlerDeclaration> = {}): HandlerDeclaration {
  return declaration({ method: { type: Orders, name: 'onCreated' }, options: RETRY, ...parts });
}

function check(declarations: readonly HandlerDeclaration[], ...definitions: BrokerDefinition[]) {
  return checkWiring(declarations, byName(definitions), { allowLateBrokers: false });
}

const byName = (definitions: readonly BrokerDefinition[]): ReadonlyMap<string, BrokerDefinition> =>
  new Map(definitions.map((definition) => [definition.name, definition]));

const NO_CONTEXT = { body: null, textHeaders: {}, decoded: () => undefined, message: {} } as unknown as DeliveryContext;

describe('handlers that were checked for an application before', () => {
  it('are bound for the next one without asking its brokers again', () => {
    const { definition, asked } = counting();
    const [first] = check([found()], definition).bindings;
    const before = asked();
    const [second] = check([found()], definition).bindings;
    expect(asked()).toBe(before);
    expect({ ...second, handle: 0, shape: 0 }).toEqual({ ...first, handle: 0, shape: 0 });
    expect(second).not.toBe(first);
  });

  it('call the method of their own application', () => {
    const { definition } = counting();
    const calls: string[] = [];
    const [first, second] = ['first', 'second'].map((name) => {
      return check([found({ call: () => calls.push(name) })], definition).bindings[0]!;
    });
    second!.handle(NO_CONTEXT);
    first!.handle(NO_CONTEXT);
    expect(calls).toEqual(['second', 'first']);
  });

  const changes: [what: string, parts: Partial<HandlerDeclaration>][] = [
    ['options', { options: { retry: { attempts: 2 } } }],
    ['source', { source: 'updated' }],
    ['prefix', { prefix: 'eu.' }],
    ['defaults of the class', { defaults: { ack: 'manual' } }],
    ['publishers', { publishTo: [{ broker: 'orders', destination: 'x', options: {} }] }],
    ['params', { params: { names: [], sources: 2 } }],
    ['method', { method: { type: Orders, name: 'onDeleted' } }],
    ['class', { method: { type: { name: 'Other' }, name: 'onCreated' } }],
  ];

  it.each(changes)('are checked again where their %s changed', (_, parts) => {
    const { definition, asked } = counting();
    check([found()], definition);
    const before = asked();
    check([found(parts)], definition);
    expect(asked()).toBeGreaterThan(before);
  });

  it('are checked again beside another broker, and for another number of handlers', () => {
    const { definition, asked } = counting();
    check([found()], definition);
    for (const again of [
      () => check([found()], definition, fakeBroker({ name: 'events' })),
      () => check([found(), found({ source: 'other', method: { type: Orders, name: 'on' } })], definition),
    ]) {
      const before = asked();
      again();
      expect(asked()).toBeGreaterThan(before);
    }
  });

  it('are reported with what the explorer finds wrong in the next application', () => {
    const { definition } = counting();
    check([found()], definition);
    const problem = errorOf('MULTI_BROKER_NO_BROKER.featureOnly', {});
    expect(check([found({ problems: [problem] })], definition).problems).toEqual([problem]);
  });

  it('are reported where an earlier application could wait for a broker, and this one cannot', () => {
    const { definition } = counting();
    const publishTo = [{ broker: 'audit', destination: 'seen', options: { bestEffort: true } }];
    const late = checkWiring([found({ publishTo })], byName([definition]), { allowLateBrokers: true });
    expect(late.problems).toEqual([]);
    expect(check([found({ publishTo })], definition).problems.map(({ code }) => code)).toEqual([
      'MULTI_BROKER_UNKNOWN_BROKER',
    ]);
  });

  it('are reported each time while they have a problem', () => {
    const { definition } = counting();
    const wrong = { options: { retry: { attempts: 0 } } };
    const codes = [0, 1].map(() => check([found(wrong)], definition).problems.map(({ code }) => code));
    expect(codes).toEqual([['MULTI_BROKER_OPTION_INVALID'], ['MULTI_BROKER_OPTION_INVALID']]);
  });
});
