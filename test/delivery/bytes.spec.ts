import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { bytes, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

@Injectable()
class Carrier {
  @Subscribe('orders', 'in', { codec: bytes })
  @PublishTo('events', 'same', { codec: bytes })
  carry(@Payload() body: Uint8Array) {
    return body;
  }

  @Subscribe('orders', 'other', { codec: bytes })
  @PublishTo('events', 'made', { codec: bytes })
  make(@Payload() body: Uint8Array) {
    return Buffer.from(body);
  }
}

describe('a handler of bytes', () => {
  it('that returns its message passes the content type on, so that "42" stays a text', async () => {
    const { harness } = await testApp([Carrier]);
    await harness.publish('orders', 'in', '42');
    const [sent] = harness.published('events', 'same');
    expect(sent).toMatchObject({ payload: '42', headers: { 'content-type': 'text/plain' } });
  });

  it('that returns other bytes says nothing of their content type', async () => {
    const { harness } = await testApp([Carrier]);
    await harness.publish('orders', 'other', '42');
    const [sent] = harness.published('events', 'made');
    expect(sent?.headers).not.toHaveProperty('content-type');
  });
});
