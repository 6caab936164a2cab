import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { bytes, type Headers, type MessageContext, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp, type TestApp } from '../support/test-app.js';

/** Both get each message; the first one spoils what it is given. */
@Injectable()
class Neighbours {
  readonly seen: { text: string; headers: Headers }[] = [];
  spoiled = 0;

  @Subscribe('events', 'shared', { codec: bytes })
  spoils(body: Uint8Array, { message }: MessageContext) {
    body.fill(0);
    this.change(message.headers);
  }

  @Subscribe('events', 'shared', { codec: bytes })
  sees(body: Uint8Array, { message: { headers } }: MessageContext) {
    this.seen.push({ text: Buffer.from(body).toString(), headers });
  }

  private change(headers: Headers): void {
    try {
      (headers as Record<string, string>)['a'] = 'spoiled';
    } catch {
      this.spoiled++;
    }
  }
}

describe('what one receiver of a message does to it', () => {
  let app: TestApp;

  beforeEach(async () => {
    app = await testApp([Neighbours]);
  });
  afterEach(closeTestApps);

  it('is nothing to another one', async () => {
    await app.harness.publish('events', 'shared', Buffer.from('text'), { headers: { a: '1' } });
    const { seen, spoiled } = app.get(Neighbours);
    expect(seen).toEqual([{ text: 'text', headers: { a: '1' } }]);
    expect(spoiled).toBe(1);
  });

  it('and what the publisher does to it afterwards is nothing to both', async () => {
    const [body, headers] = [Buffer.from('text'), { a: '1' }];
    const published = app.broker('events').publish('shared', body, { headers });
    headers.a = '2';
    await published;
    body.fill(0);
    await app.harness.settled();
    expect(app.get(Neighbours).seen).toEqual([{ text: 'text', headers: { a: '1' } }]);
  });

  it('and what a test does to the record of it is nothing to the message', async () => {
    await app.harness.publish('events', 'shared', Buffer.from('text'), { headers: { a: '1' } });
    (app.harness.published('events')[0]!.headers as Record<string, string>)['a'] = 'spoiled';
    expect(app.harness.published('events')[0]?.headers).toEqual({ a: '1' });
  });
});
