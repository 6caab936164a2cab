import { Injectable } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';
import type { BrokerDefinition, Driver, ServerAddress } from '../../lib/driver/index.js';
import { fakeBroker } from '../support/fake-kind.js';
import { orders } from '../support/test-app.js';
import { telemetryRig } from '../support/telemetry/telemetry-app.js';

const rig = telemetryRig();

@Injectable()
class Handler {
  @Subscribe('queues', 'in')
  @PublishTo('queues', 'out')
  handle(@Payload() text: string) {
    return text;
  }
}

/** A broker whose driver says where it is connected to. */
function connectedBroker(
  to: () => ServerAddress | undefined,
  broker: BrokerDefinition = fakeBroker({ name: 'queues' }),
): BrokerDefinition {
  const twin = async (): Promise<Driver> => Object.assign(await broker.twin(), { connectedTo: to });
  return { ...broker, twin };
}

const SENT = 'messaging.client.sent.messages';

it('spans and metrics name the server that the driver is connected to, and another one from then on', async () => {
  let server: ServerAddress = { address: 'one.example', port: 7 };
  const { harness } = await rig.app([Handler], { definitions: [connectedBroker(() => server)] });
  await harness.publish('queues', 'in', 'x');
  const received = await rig.received();
  const one = { 'server.address': 'one.example', 'server.port': 7 };
  for (const name of ['send in', 'process in', 'send out']) expect(received.one(name).attributes).toMatchObject(one);
  for (const name of [SENT, 'messaging.process.duration'])
    for (const point of received.pointsOf(name)) expect(point.attributes).toMatchObject(one);
  received.clear();

  server = { address: 'two.example' };
  await harness.publish('queues', 'in', 'x');
  const { attributes } = (await rig.received()).one('process in');
  expect(attributes).toMatchObject({ 'server.address': 'two.example' });
  expect(attributes).not.toHaveProperty('server.port');
});

it('no server is named where the driver does not know it', async () => {
  const { harness } = await rig.app([Handler], { definitions: [connectedBroker(() => undefined)] });
  await harness.publish('queues', 'in', 'x');
  const received = await rig.received();
  expect(received.one('send out').attributes).not.toHaveProperty('server.address');
  expect(received.pointsOf(SENT).flatMap((point) => Object.keys(point.attributes))).not.toContain('server.address');
});

it('a message that is held while the client is connected to another server is no longer held afterwards', async () => {
  let calls = 0;
  @Injectable()
  class Failing {
    @Subscribe('orders', 'in', { retry: { attempts: 1 } })
    handle() {
      if (++calls === 1) throw new Error('no database');
    }
  }
  let server: ServerAddress = { address: 'one.example' };
  const { harness } = await rig.app([Failing], { definitions: [connectedBroker(() => server, orders)] });
  harness.expectFailures();
  await harness.publish('orders', 'in', 'x');
  const HELD = 'multi_broker.messages.held';
  expect((await rig.received()).pointsOf(HELD)).toMatchObject([{ value: 1 }]);

  server = { address: 'two.example' };
  await harness.clock.advance(1_000);
  expect(calls).toBe(2);
  const points = (await rig.received()).pointsOf(HELD);
  expect(points.map(({ attributes, value }) => [attributes['server.address'], value])).toEqual([['one.example', 0]]);
});
