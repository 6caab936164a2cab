import { Injectable } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { Subscribe } from '../../lib/index.js';
import { eventually } from '../support/eventually.js';
import { telemetryRig } from '../support/telemetry/telemetry-app.js';

const rig = telemetryRig();

@Injectable()
class Handler {
  release = (): void => undefined;

  @Subscribe('orders', 'in', { retry: { attempts: 1 } })
  async handle(text: string) {
    if (text === 'bad') throw new TypeError('no');
    if (text === 'slow') await new Promise<void>((resolve) => (this.release = resolve));
  }
}

const value = (points: readonly { readonly value: number }[]) => points.map((point) => point.value);

it('handlers and brokers are read when a reader collects: in flight, running, lag, status', async () => {
  const { broker, get, harness } = await rig.app([Handler]);
  await broker('orders').publish('in', 'slow');
  await eventually(() => expect(harness.handler(Handler, 'handle')).toHaveBeenCalledWith('slow'));
  const during = await rig.received();
  const of = (name: string) => value(during.pointsOf(`multi_broker.${name}`));
  expect([of('messages.in_flight'), of('handler.running'), of('handler.lag'), of('messages.dropped')]).toEqual([
    [1],
    [1],
    [1],
    [0],
  ]);
  const statuses = during
    .pointsOf('multi_broker.broker.status')
    .map(({ attributes, value: is }) => [
      attributes['multi_broker.broker'],
      attributes['multi_broker.broker.status'],
      is,
    ]);
  expect(statuses).toEqual(
    ['orders', 'events'].flatMap((name) => [
      [name, 'up', 1],
      [name, 'degraded', 0],
      [name, 'down', 0],
    ]),
  );
  get(Handler).release();
  await harness.settled();
});

it('a call that fails is measured with the type of its error', async () => {
  const { harness } = await rig.app([Handler]);
  harness.expectFailures();
  await harness.publish('orders', 'in', 'bad');
  const [duration] = (await rig.received()).pointsOf('messaging.process.duration');
  expect([duration!.value, duration!.attributes['error.type']]).toEqual([1, 'TypeError']);
});
