import { describe, expect, it } from '@jest/globals';

import { AlteredStream } from '../../../../lib/nats/driver/jetstream/altered-stream.js';
import { natsBroker, stream, type StreamOptions } from '../../../../lib/nats/index.js';

describe('a stream that is read', () => {
  function make(options: Partial<StreamOptions>) {
    const logged: string[] = [];
    const spec = natsBroker({ name: 'events', client: {} }).source(stream('ORDERS', { durable: 'd', ...options }));
    const altered = new AlteredStream(spec as never, (text) => logged.push(text));
    const looked = (config: object): readonly string[] => {
      altered.looked({ config } as never);
      return altered.healthIssues();
    };
    return { looked, logged };
  }

  it('is no trouble where it is as its source says, or in what the source does not say', () => {
    const { looked } = make({ maxMessages: 10 });
    expect(looked({ subjects: ['orders.>'], max_msgs: 10 })).toEqual([]);
    expect(looked({ subjects: ['orders.eu'], max_msgs: 10, retention: 'workqueue', num_replicas: 3 })).toEqual([]);
  });

  it('is told of once in the log while it differs, in health as long, and once more when it differs again', () => {
    const { looked, logged } = make({ subjects: ['orders.>'], maxMessages: 10 });
    const [config, changed] = [
      { subjects: ['orders.>'], max_msgs: 10 },
      { subjects: ['orders.>'], max_msgs: 20 },
    ];
    const told = [
      expect.stringMatching(
        /^stream ORDERS .*: its stream was changed .* refuses it: maxMessages is 20 and should be 10$/,
      ),
    ];
    for (let time = 0; time < 3; time++) expect(looked(changed)).toEqual(told);
    expect(logged).toEqual(told);
    expect(looked(config)).toEqual([]);
    expect(looked(changed)).toEqual(told);
    expect(logged).toEqual([...told, ...told]);
  });

  it('that captures nothing of a source’s filter any more brings it nothing new', () => {
    const { looked } = make({ filter: 'orders.eu.*' });
    expect(looked({ subjects: ['orders.>'] })).toEqual([]);
    expect(looked({ subjects: ['orders.us.*', 'orders.asia.*'] })).toEqual([
      expect.stringContaining(
        "gets nothing new: its stream captures only orders.asia.*, orders.us.* now, which 'orders.eu.*' does not match",
      ),
    ]);
  });

  it.each([
    ['a mirror', { mirror: { name: 'OTHER' } }],
    ['one with sources', { sources: [{ name: 'OTHER' }] }],
    ['one that stores under other subjects', { subjects: ['in.>'], subject_transform: { src: '>', dest: 'orders.>' } }],
  ])('may bring it something where it is %s', (_, config) => {
    expect(make({ filter: 'orders.eu.*' }).looked(config)).toEqual([]);
  });
});
