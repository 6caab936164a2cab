import { describe, expect, it } from '@jest/globals';
import { definition, LifecycleRig } from '../support/lifecycle-rig.js';

describe('the brokers', () => {
  it('stand in the order of definition', () => {
    const rig = new LifecycleRig({ brokers: ['b', 'a', 'c'] });
    expect(rig.multi.brokers.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  });

  it('are one object each, however they are asked for', () => {
    const rig = new LifecycleRig({ brokers: ['orders'] });
    expect(rig.multi.get('orders')).toBe(rig.multi.brokers[0]);
    expect(rig.multi.get('orders')).toBe(rig.multi.default);
  });

  it('have a default: the one that is named, else the first', () => {
    expect(new LifecycleRig({ brokers: ['orders', 'events'] }).multi.default.name).toBe('orders');
    const options = { default: 'events' };
    expect(new LifecycleRig({ brokers: ['orders', 'events'], options }).multi.default.name).toBe('events');
  });

  it('have no default where there are none', () => {
    expect(() => new LifecycleRig().multi.default).toThrow(expect.objectContaining({ code: 'MULTI_BROKER_NO_BROKER' }));
  });

  it('are not guessed: an unknown name is an error that tells the nearest one, or all', () => {
    const { multi } = new LifecycleRig({ brokers: ['orders', 'events'] });
    const unknown = { code: 'MULTI_BROKER_UNKNOWN_BROKER', broker: 'oders' };
    expect(() => multi.get('oders')).toThrow(expect.objectContaining(unknown));
    expect(() => multi.get('oders')).toThrow("There is no broker 'oders' (did you mean 'orders'?)");
    expect(() => multi.get('zzz')).toThrow("(known: 'orders', 'events')");
    expect(() => new LifecycleRig().multi.get('a')).toThrow('(known: none)');
  });

  it('have no client before they are connected', async () => {
    const rig = new LifecycleRig({ brokers: [definition('orders')] });
    const notYet = expect.objectContaining({ code: 'MULTI_BROKER_NOT_CONNECTED' });
    expect(() => rig.multi.get('orders').native()).toThrow(notYet);
    await rig.multi.start();
    expect(rig.multi.get('orders').native()).toBe('the client');
  });
});
