import { describe, expect, it } from '@jest/globals';
import { covers, forbidden } from '../../lib/nats/driver/inspect/permissions.js';

describe('an entry of a permission', () => {
  it.each([
    ['orders.created', 'orders.created', true],
    ['orders.*', 'orders.created', true],
    ['orders.>', 'orders.created.eu', true],
    ['>', '_INBOX.>', true],
    ['orders.>', 'orders', false],
    ['orders.*', 'orders.created.eu', false],
    ['orders.created', 'orders.*', false],
    ['orders.*', 'orders.>', false],
    ['orders.*.*', 'orders.created', false],
  ])('%s covers %s: %s', (entry, pattern, is) => {
    expect(covers(entry, pattern, undefined)).toBe(is);
  });

  it.each([
    ['orders workers', 'workers', true],
    ['orders workers.*', 'workers.eu', true],
    ['orders workers', 'others', false],
    ['orders workers', undefined, false],
    ['orders', 'workers', true],
  ])('%s covers the queue %s: %s', (entry, queue, is) => {
    expect(covers(entry, 'orders', queue)).toBe(is);
  });
});

describe('a need', () => {
  const publish = { what: 'subject', name: 'orders', permissions: ['publish'] } as const;

  it.each([
    ['without permissions of the user', {}, false],
    ['by allow', { publish: { allow: ['orders'] } }, false],
    ['that is not among those allowed', { publish: { allow: ['prices'] } }, true],
    ['by deny', { publish: { deny: ['orders'] } }, true],
    ['of which deny leaves some', { publish: { deny: ['orders.eu'] } }, false],
    ['of the other kind', { subscribe: { deny: ['orders'] } }, false],
  ])('is forbidden %s: %j', (_what, permissions, is) => {
    expect(forbidden(publish, permissions) !== undefined).toBe(is);
  });

  it('to answer is met by allow_responses', () => {
    const permissions = { publish: { allow: ['prices'] }, responses: { max: 1 } };
    expect(forbidden({ ...publish, isAnswer: true }, permissions)).toBeUndefined();
    expect(forbidden(publish, permissions)).toMatchObject({ problem: 'forbidden', name: 'orders' });
  });
});
