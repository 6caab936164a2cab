import { Injectable } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { Payload, Subscribe } from '../../lib/index.js';
import type { TelemetryOptions } from '../../lib/telemetry/index.js';
import { telemetryRig } from '../support/telemetry/telemetry-app.js';

@Injectable()
class Orders {
  @Subscribe('orders', 'in')
  on(@Payload() order: { id: number }) {
    return order.id;
  }
}

const rig = telemetryRig();

/** The keys that spans show, and whether the lag of a handler is measured. */
async function shown(options: TelemetryOptions) {
  const { harness, broker } = await rig.app([Orders], {}, options);
  await broker('orders').publish('in', { id: 7 }, { key: 'k' });
  await harness.settled();
  const { spans, points } = await rig.received();
  const keys = spans.map(({ attributes }) => attributes['kafka.message.key']);
  return { keys, hasLag: points.some(({ name }) => name === 'multi_broker.handler.lag') };
}

describe('the options of TelemetryModule', () => {
  it.each<[TelemetryOptions, object]>([
    [{}, { keys: ['k', 'k'], hasLag: true }],
    [{ messageKey: false }, { keys: [undefined, undefined], hasLag: true }],
    [{ lag: false }, { keys: ['k', 'k'], hasLag: false }],
  ])('%j decide whether keys are shown and lag is measured', async (options, expected) => {
    expect(await shown(options)).toEqual(expected);
  });
});
