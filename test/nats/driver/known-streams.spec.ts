import { describe, expect, it } from '@jest/globals';

import type { JetStreamApi } from '../../../lib/nats/driver/jetstream-api.js';
import { KnownStreams } from '../../../lib/nats/driver/known-streams.js';
import { PublishErrors } from '../../../lib/nats/driver/publish-errors.js';
import { natsBroker, toStream } from '../../../lib/nats/index.js';
import { type Logged, testIo } from '../../integration/nats/support.js';
import { turns } from '../../support/turns.js';

describe('what is known of the streams', () => {
  it('warns of a short duplicate_window once for each stream, however often it is forgotten', async () => {
    let asked = 0;
    const info = async () => (asked++, { config: { subjects: ['a'], duplicate_window: 1e9 } });
    const api = { manager: async () => ({ streams: { info } }) } as unknown as JetStreamApi;
    const log: Logged[] = [];
    const known = new KnownStreams('events', api, new PublishErrors('events'), testIo([], log).log);
    const to = natsBroker({ name: 'events', client: {} }).destination(toStream('a'));
    for (const stream of ['S', 'S', 'T']) {
      known.acked(to, stream);
      await turns();
      known.forget();
    }
    expect(asked).toBe(3);
    expect(log.map(({ message }) => message)).toEqual([
      expect.stringContaining('stream S'),
      expect.stringContaining('stream T'),
    ]);
  });
});
