import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, Subscribe } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import type { TestingOptions } from '../../lib/testing/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const client = { brokers: ['localhost:9092'] };
const definitions = [
  ...['east', 'west', 'north'].map((name) => kafkaBroker({ name, groupId: 'g', client })),
  natsBroker({ name: 'events', client: {} }),
];

@Injectable()
class Handlers {
  readonly seen: string[] = [];

  @Subscribe('east', 'shared')
  east(@Payload() text: string) {
    this.seen.push(`east ${text}`);
  }

  @Subscribe('west', 'shared')
  west(@Payload() text: string) {
    this.seen.push(`west ${text}`);
  }

  @Subscribe('events', 'shared')
  events(@Payload() text: string) {
    this.seen.push(`events ${text}`);
  }
}

afterEach(closeTestApps);

/** Who hears what is published on `east` and on `north`. */
async function hear(bus?: TestingOptions['bus']): Promise<string[]> {
  const app = await testApp([Handlers], { definitions, ...(bus && { bus }) });
  await app.harness.publish('east', 'shared', 'a');
  await app.harness.publish('north', 'shared', 'b');
  return app.get(Handlers).seen.sort();
}

describe('the bus of twins', () => {
  it('is one for each kind', async () => {
    expect(await hear()).toEqual(['east a', 'east b', 'west a', 'west b']);
    expect(await hear('by-kind')).toEqual(['east a', 'east b', 'west a', 'west b']);
  });

  it('may be one for each broker', async () => {
    expect(await hear('by-broker')).toEqual(['east a']);
  });

  it('may be grouped by a function', async () => {
    expect(await hear((broker) => (broker === 'north' ? 'west' : broker))).toEqual(['east a', 'west b']);
  });

  it('keeps settled() exact however brokers are grouped', async () => {
    const app = await testApp([Handlers], { definitions, bus: 'by-broker' });
    await app.broker('west').publish('shared', 'x');
    await app.broker('events').publish('shared', 'y');
    await app.harness.settled();
    expect(app.get(Handlers).seen.sort()).toEqual(['events y', 'west x']);
  });
});
