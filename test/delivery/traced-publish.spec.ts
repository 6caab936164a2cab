import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { PendingPublish, PublishSource } from '../../lib/delivery/delivery-host.js';
import { tracePublish, type PublishTrace } from '../../lib/delivery/send-trace.js';
import type { Outcome, Outgoing } from '../../lib/driver/index.js';
import { destination } from '../support/delivery-rig.js';

const source: PublishSource = { binding: { handler: 'Bridge.on', broker: 'in' }, lane: { name: 'in[0]' } };

/** As a result's publication is: an object whose source is a getter of its class. */
class Publication implements PendingPublish {
  readonly message: Outgoing = { body: Buffer.from('x') };
  readonly persistent = true;
  readonly outcomes: Outcome[] = [];

  get from(): PublishSource {
    return source;
  }

  done(outcome: Outcome): void {
    this.outcomes.push(outcome);
  }
}

const traces: PublishTrace[] = [];
const listen = (trace: unknown): void => {
  traces.push(trace as PublishTrace);
};

beforeEach(() => {
  traces.length = 0;
  subscribe('tracing:nestjs-multi-broker:publish:asyncEnd', listen);
});
afterEach(() => {
  unsubscribe('tracing:nestjs-multi-broker:publish:asyncEnd', listen);
});

it('a publish that is traced keeps its message, its source and its outcome', () => {
  const publication = new Publication();
  const traced = tracePublish({ broker: 'out', kind: 'fake' }, destination('q'), publication);
  expect([traced === publication, traced.message, traced.persistent, traced.from]).toEqual([
    false,
    publication.message,
    true,
    source,
  ]);
  traced.done({ receipt: { position: 'q@1' } });
  expect(publication.outcomes).toEqual([{ receipt: { position: 'q@1' } }]);
  expect(traces).toEqual([{ broker: 'out', kind: 'fake', address: 'q', handler: 'Bridge.on', position: 'q@1' }]);
});
