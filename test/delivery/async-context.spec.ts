import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { defer, Observable, of } from 'rxjs';
import { outgoing } from '../../lib/driver/index.js';
import { resultItems } from '../../lib/handlers/index.js';
import { destination, Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const tenant = new AsyncLocalStorage<string>();

async function* tenants() {
  yield await Promise.resolve(outgoing(tenant.getStore()));
}

describe('what is entered by AsyncLocalStorage.enterWith()', () => {
  it.each([
    ['returns', () => undefined],
    ['resolves', async () => undefined],
    [
      'fails',
      () => {
        throw new Error('no');
      },
    ],
  ])('in a handler that %s is not seen by the next message, nor by a further attempt', async (_, ends) => {
    const seen: unknown[] = [];
    const rig = new Rig({
      handle: (body) => {
        seen.push(tenant.getStore());
        tenant.enterWith(body);
        return ends();
      },
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.every((one) => one === undefined)).toBe(true);
    expect(tenant.getStore()).toBeUndefined();
  });

  it.each([
    ['sequence', tenants],
    [
      'Observable',
      () =>
        new Observable((subscriber) => {
          subscriber.next(tenant.getStore());
          subscriber.complete();
        }),
    ],
    ['promise of a sequence', async () => tenants()],
    ['promise of an Observable', async () => defer(() => of(tenant.getStore()))],
  ])('in a handler is seen by the %s that it gives', async (_, gives) => {
    const routes = [{ broker: 'out', destination: 'q' }];
    const handle = (body: string): never => {
      tenant.enterWith(body);
      return gives() as never;
    };
    const rig = new Rig({ binding: { routes, items: resultItems }, handle });
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(rig.drivers.out.written).toEqual(['a', 'b']);
  });
});

it('a handler does not run in the context of who published, as it would not in another process', async () => {
  const seen: unknown[] = [];
  const rig = new Rig({ handle: () => void seen.push(tenant.getStore()) });
  tenant.run('publisher', () => void rig.take(...messages('a')));
  await turns();
  expect(seen).toEqual([undefined]);
});

it('nor in that of whose publish the lane was opened for, as a twin opens them', async () => {
  const seen: unknown[] = [];
  const rig = new Rig({ handle: () => void seen.push(tenant.getStore()) });
  const lane = tenant.run('publisher', () => rig.open());
  void rig.sink.take(lane, messages('a'));
  await turns();
  expect(seen).toEqual([undefined]);
});

it('a handler that is called again for its publish does not run in the context of another publisher', async () => {
  const seen: unknown[] = [];
  const rig = new Rig({
    binding: { routes: [{ broker: 'out', destination: 'q' }] },
    handle: () => {
      seen.push(tenant.getStore());
      return outgoing('x');
    },
  });
  rig.drivers.out.outcome = () => (seen.length > 1 ? confirmed : refused(false));
  tenant.run('publisher', () => void rig.outboxes.get('out')!.publish(destination('q'), { body: null }));
  void rig.take(...messages('a'));
  await turns();
  rig.clock.advance(1_000);
  await turns();
  expect([seen, rig.lane.fates]).toEqual([[undefined, undefined], ['a ack']]);
});
