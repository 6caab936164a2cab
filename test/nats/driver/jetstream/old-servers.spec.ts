import { describe, expect, it } from '@jest/globals';

import type { JetStreamManager, StreamConfig } from '../../../../lib/nats/driver/connection/jetstream-port.js';
import { streamFindings } from '../../../../lib/nats/driver/inspect/streams.js';
import { ensureStream } from '../../../../lib/nats/driver/jetstream/stream-config.js';
import { natsBroker, stream } from '../../../../lib/nats/index.js';
import type { StreamSourceSpec } from '../../../../lib/nats/source-spec.js';

const events = natsBroker({ name: 'events', client: {} });
const sourceOf = (options: object): StreamSourceSpec =>
  events.source(stream('ORDERS', { durable: 'd', subjects: ['orders'], ...options })) as StreamSourceSpec;

/** A server without streams, which creates each as `made` says. */
function serverOf(made: (config: Partial<StreamConfig>) => Partial<StreamConfig> = (config) => config) {
  const added: Partial<StreamConfig>[] = [];
  const manager = {
    streams: {
      info: () => Promise.reject(Object.assign(new Error('no'), { api_error: { code: 404, err_code: 10_059 } })),
      add: async (config: Partial<StreamConfig>) => {
        added.push(config);
        return { created: 'now', config: made(config) };
      },
    },
  } as unknown as JetStreamManager;
  return { manager, added };
}

describe('a source whose stream is to have fast ingest', () => {
  it.each(['2.9.25', '2.12.9', '2.13.0', 'v2.11.1'])(
    'creates none on nats-server %s, and says why',
    async (version) => {
      const { manager, added } = serverOf();
      const maker = { broker: 'events', serverVersion: version };
      await expect(ensureStream(manager, sourceOf({ allowBatched: true }), maker)).rejects.toMatchObject({
        code: 'MULTI_BROKER_STREAM_MISMATCH',
        message: expect.stringContaining(
          `stream ORDERS cannot be created: allowBatched needs nats-server 2.14 or newer, and this one is ${version}`,
        ),
      });
      expect(added).toEqual([]);
    },
  );

  it.each(['2.14.0', '2.14.0-RC.1', '2.15.1', '3.0.0', 'dev', undefined])('creates it on %s', async (version) => {
    const { manager, added } = serverOf();
    await ensureStream(manager, sourceOf({ allowBatched: true }), { broker: 'events', serverVersion: version });
    expect(added).toMatchObject([{ allow_batched: true }]);
  });

  it('is refused where another server of the cluster has created it without', async () => {
    const { manager } = serverOf(({ allow_batched: _, ...config }) => config);
    const maker = { broker: 'events', serverVersion: '2.14.0' };
    await expect(ensureStream(manager, sourceOf({ allowBatched: true }), maker)).rejects.toMatchObject({
      code: 'MULTI_BROKER_STREAM_MISMATCH',
      message: expect.stringContaining('allowBatched'),
    });
  });

  it('is found missing on an old server, and not as one that a start creates', async () => {
    const spec = sourceOf({ allowBatched: true });
    const [finding, ...others] = await streamFindings(serverOf().manager, spec, [spec], '2.12.0');
    expect(finding).toEqual({
      problem: 'missing',
      what: 'stream',
      name: 'ORDERS',
      text: 'allowBatched needs nats-server 2.14 or newer, and this one is 2.12.0',
    });
    expect(others).toEqual([]);
  });
});

describe('a source that does not ask for it', () => {
  it.each([{}, { allowBatched: false }])(
    'creates a stream on any server, which is told nothing of it: %j',
    async (options) => {
      const { manager, added } = serverOf();
      await ensureStream(manager, sourceOf(options), { broker: 'events', serverVersion: '2.10.0' });
      expect(added.map((config) => 'allow_batched' in config)).toEqual([false]);
    },
  );
});
