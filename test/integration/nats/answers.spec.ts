import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection, StorageType } from 'nats';

import { toStream } from '../../../lib/nats/index.js';
import { startNatsServer, type TestNatsServer, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, closeLater, ok, start, text, texts, verdict } from './support.js';

jest.setTimeout(60_000);

/** A server that stores slowly (a sync for each message) and takes few messages at a time. */
whenNative(describe, 'nats')('on a server that is slow to store', () => {
  let server: TestNatsServer;
  let nc: NatsConnection;
  const folder = mkdtempSync(join(tmpdir(), 'multi-broker-test-slow-'));
  beforeAll(async () => {
    const limits = 'max_buffered_msgs: 20, sync_interval: always';
    server = await startNatsServer({ config: `jetstream { store_dir: "${folder}", ${limits} }` });
  });
  afterEach(closeAll);
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const client = () => ({ client: { servers: server.url } });

  async function aStream(): Promise<string> {
    nc = closeLater(await connect({ servers: server.url }));
    const name = uniqueName('S');
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name, subjects: [`${name}.*`], storage: StorageType.File });
    return name;
  }

  it('a publish that the stream is too busy for is refused retriably, and nothing of it is stored', async () => {
    const name = await aStream();
    const { driver, definition } = await start(client());
    const outcomes = await driver.publish(definition.destination(toStream(`${name}.a`)), texts(300));
    const refused = outcomes.filter((outcome) => !ok(outcome));
    expect(refused.length).toBeGreaterThan(0);
    for (const outcome of refused) {
      expect(verdict(outcome)).toBe('MULTI_BROKER_PUBLISH_REJECTED no');
      expect(outcome).toMatchObject({
        error: { retryable: true, message: expect.stringMatching(/too many requests/i) },
      });
    }
    const { state } = await (await nc.jetstreamManager()).streams.info(name);
    expect(state.messages).toBe(outcomes.length - refused.length);
  });

  it('a publish waits for its PubAck though a subscriber of the subject answers first', async () => {
    const name = await aStream();
    let heard = 0;
    nc.subscribe(`${name}.*`, { callback: (_error, message) => void (heard++, message.respond()) });
    await nc.flush();
    const { driver, definition } = await start(client());
    const to = definition.destination(toStream(`${name}.a`));
    for (const body of ['one', 'two', 'three'])
      expect((await driver.publish(to, [text(body)])).map(verdict)).toEqual(['ok']);
    await until(() => heard === 3, { what: 'the subscriber has heard all' });
  });
});
