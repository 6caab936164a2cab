import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, testApp } from '../../support/test-app.js';

const full = stream('FULL', {
  durable: 'd',
  subjects: ['full.>'],
  retention: 'workqueue',
  maxMessages: 1,
  discard: 'new',
  filter: 'full.none',
});

@Injectable()
class Bridge {
  @Subscribe('orders', 'in')
  @PublishTo('events', toStream('full.y'))
  pass(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', full)
  none() {}
}

afterEach(closeTestApps);

describe('a stream that is full, on twins', () => {
  it('is told by the health of both brokers: what waits, since when, and why', async () => {
    const { harness, moduleRef } = await testApp([Bridge]);
    const reasons = (name: string) => moduleRef.get(MultiBroker).get(name).health().reasons.join('\n');
    await harness.publish('events', toStream('full.x'), 'fills it');
    await harness.publish('orders', 'in', 'a');
    expect([reasons('orders'), reasons('events')]).toEqual(['', '']);
    await harness.clock.advance(3_000);
    expect(reasons('events')).toMatch(/^1 message\(s\) wait to be published to .*full\.y.* since .*maximum messages/);
    expect(reasons('orders')).toMatch(
      /^Bridge\.pass \(in\[\d\]\) waits for 1 message\(s\) .* on broker 'events' since /,
    );
  });
});
