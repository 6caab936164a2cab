import { expect, it } from '@jest/globals';

import { describePlatformatic } from '../../support/kafka-library.js';
import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { createTopic, uniqueName, until } from '../../support/real-brokers.js';

describePlatformatic('a group by KIP-848 that another member joins', () => {
  closeAfterEach();

  it('takes from the first one what moves alone: the lanes of all other partitions go on', async () => {
    const [name, groupId] = [await createTopic(uniqueName('incremental'), 4), uniqueName('group')];
    const choice = { library: '@platformatic/kafka', groupProtocol: 'consumer' } as const;
    const first = await connected({ groupId }, choice);
    const { sink } = await first.read(name);
    await until(() => sink.lanes.length === 4, { what: 'the first member has all', timeoutMs: 30_000 });
    const lanes = [...sink.lanes];
    const second = await connected({ groupId }, choice);
    const other = await second.read(name);
    await until(() => other.sink.lanes.length === 2, { what: 'the second member has its half', timeoutMs: 30_000 });
    const kept = lanes.filter(({ lost }) => !lost.aborted);
    expect([kept.length, sink.lanes.length]).toEqual([2, 4]);
    await first.publish(name, ...Array.from({ length: 40 }, (_, index) => `m${String(index)}`));
    const all = (): string[] => [...sink.texts, ...other.sink.texts];
    await until(() => new Set(all()).size === 40, { what: 'all is read', timeoutMs: 30_000 });
    expect(all()).toHaveLength(40);
  }, 90_000);

  it('keeps what it loses until its handlers are over and committed: the other one begins behind them', async () => {
    const [name, groupId] = [await createTopic(uniqueName('unhurried'), 2), uniqueName('group')];
    const choice = { library: '@platformatic/kafka', groupProtocol: 'consumer' } as const;
    const first = await connected({ groupId, commitIntervalMs: 600_000 }, choice);
    const { sink } = await first.read(name);
    sink.keep = () => true;
    await first.publish(name, ...Array.from({ length: 20 }, (_, index) => `m${String(index)}`));
    await sink.has(20);
    const ends: (() => void)[] = [];
    sink.drain = () => new Promise((resolve) => ends.push(resolve));
    const second = await connected({ groupId }, choice);
    const reading = second.read(name);
    await until(() => ends.length > 0, { what: 'a partition is to move', timeoutMs: 30_000 });
    await second.publish(name, 'later', 'later');
    sink.settle(sink.texts);
    for (const end of ends) end();
    const other = await reading;
    await until(() => other.sink.lanes.length === 1, { what: 'the second member has it', timeoutMs: 30_000 });
    await until(() => [...sink.texts, ...other.sink.texts].length >= 22, { what: 'all is read', timeoutMs: 30_000 });
    expect(other.sink.texts.filter((text) => text !== 'later')).toEqual([]);
  }, 90_000);
});
