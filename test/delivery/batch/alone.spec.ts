import { expect, it } from '@jest/globals';
import type { BatchResult } from '../../../lib/delivery/index.js';
import { batchRig } from '../../support/batch-rig.js';
import { messages } from '../../support/fake-lane.js';
import { turns } from '../../support/turns.js';

const binding = { retry: { attempts: 1, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 } };
const text = ({ body }: { readonly body: Uint8Array | null }): string => String(Buffer.from(body ?? []));
const prepare = (context: { readonly body: Uint8Array | null }): void => {
  if (text(context).startsWith('!')) throw Object.assign(new Error('no JSON'), { retryable: false });
};

it('a message that cannot be decoded holds none before it, also where one of these makes the call throw', async () => {
  let poison = 'a';
  const { rig } = batchRig({
    batch: { maxSize: 10, prepare },
    binding,
    handle: (bodies) => {
      if (bodies.includes(poison)) throw new Error('poison');
      return undefined;
    },
  });
  void rig.take(...messages('a', '!b', 'c'));
  await turns();
  expect(rig.lane.fates).toEqual([]);
  poison = '';
  rig.clock.advance(1_000);
  await turns();
  expect(rig.lane.fates).toEqual(['a ack', 'c ack']);
});

it('messages that have failed alone are called again in order, whether before the call or in it', async () => {
  const calls: string[] = [];
  let fails = true;
  const handle = async (contexts: readonly { readonly body: Uint8Array | null }[]): Promise<BatchResult> => {
    calls.push(contexts.map(text).join(' '));
    const failures = fails ? new Map([[0, new Error('a')]]) : undefined;
    return { ofEach: [], failures };
  };
  const prepareOnce = (context: { readonly body: Uint8Array | null }): void => {
    if (fails && text(context) === 'c') throw new Error('not yet');
  };
  const { rig } = batchRig({ batch: { maxSize: 10, prepare: prepareOnce, handle } });
  void rig.take(...messages('a', 'b', 'c'));
  await turns();
  fails = false;
  rig.clock.advance(100);
  await turns();
  expect(calls).toEqual(['a b', 'a c']);
});
