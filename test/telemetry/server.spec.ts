import { Injectable } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { Payload, PublishTo, Subscribe } from '../../lib/index.js';
import type { BrokerDefinition, Driver, ServerAddress } from '../../lib/driver/index.js';
import { fakeBroker } from '../support/fake-kind.js';
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
function connectedBroker(to: () => ServerAddress | undefined): BrokerDefinition {
  const broker = fakeBroker({ name: 'queues' });
  const twin = async (): Promise<Driver> => Object.assign(await broker.driver(), { connectedTo: to });
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
