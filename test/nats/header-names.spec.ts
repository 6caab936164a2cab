import { describe, expect, it } from '@jest/globals';

import type { Outgoing } from '../../lib/driver/index.js';
import { PublishError } from '../../lib/errors/index.js';
import { HeaderBlock } from '../../lib/nats/driver/connection/header-block.js';
import { PublishErrors } from '../../lib/nats/driver/connection/publish-errors.js';
import type { NatsDestinationSpec } from '../../lib/nats/destination-spec.js';
import { classify } from '../../lib/nats/header-names.js';
import { acceptPublish } from '../../lib/nats/twin/accept-publish.js';

const to: NatsDestinationSpec = {
  kind: 'nats',
  name: 'subject orders',
  address: 'orders',
  subject: 'orders',
  via: 'core',
  dedupes: false,
};

function byDriver(message: Outgoing): string {
  try {
    return new HeaderBlock(() => undefined).text(message, undefined);
  } catch (thrown) {
    return `refused: ${(thrown as Error).message}`;
  }
}

function byTwin(message: Outgoing): string {
  const context = { timestamp: 0, broker: 'events', errors: new PublishErrors('events') };
  const stored = acceptPublish(message, to, context);
  if (stored instanceof PublishError) return `refused: ${stored.message}`;
  return Object.entries(stored.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join();
}

describe('the name of a header decides how it is published', () => {
  it.each([
    ['traceparent', 'plain'],
    ['Nats-Rollup', 'left-out'],
    ['Nats-Service-Error', 'plain'],
    ['Nats-Service-Error-Code', 'plain'],
    ['Nats-Service-Error-Nats-Msg-Id', 'left-out'],
    ['Nats-Service-Errors', 'left-out'],
    ['x-nats-msg-id', 'left-out'],
    ['message-key', 'own'],
    ['Message-Key', 'own'],
    ['multi-broker-value', 'own'],
    ['with blank', 'invalid'],
    ['größe', 'invalid'],
    ['Nats with blank', 'invalid'],
  ])('%s: %s', (name, kind) => {
    expect(classify(name)).toBe(kind);
  });

  it('the twin refuses and leaves out what the driver does, also of the names that the server would act on', () => {
    for (const [name, value] of [
      ['Nats with blank', 'x'],
      ['with blank', 'x'],
      ['Nats-Rollup', 'x'],
      ['Nats-Rollup', 'two\nlines'],
      ['note', 'two\nlines'],
      ['note', 'x'],
    ] as const) {
      const message: Outgoing = { body: Buffer.from('1'), headers: { [name]: value } };
      const [driver, twin] = [byDriver(message), byTwin(message)];
      expect([name, twin.startsWith('refused')]).toEqual([name, driver.startsWith('refused')]);
      expect([name, twin.includes(`${name}: ${value}`)]).toEqual([name, driver.includes(`${name}: ${value}`)]);
    }
  });
});
