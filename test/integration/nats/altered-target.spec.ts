import { describe, expect, it, jest } from '@jest/globals';
import { DiscardPolicy, StorageType } from 'nats';

import { toStream } from '../../../lib/nats/index.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { StreamRig } from './stream-rig.js';
import { start, texts, verdict } from './support.js';

jest.setTimeout(60_000);

const AGAIN = { timeoutMs: 20_000, everyMs: 50 };

/** What was stored although one before it was not. */
function storedBehindRefused(outcomes: readonly string[]): readonly string[] {
  const refused = outcomes.findIndex((one) => one !== 'ok');
  return refused < 0 ? [] : outcomes.slice(refused).filter((one) => one === 'ok');
}

whenNative(describe, 'nats')('a stream that is altered while it is written', () => {
  const rig = new StreamRig();
  const storage = StorageType.Memory;

  const published = async (subject: string) => {
    const { driver, definition } = await start(rig.at());
    const to = definition.destination(toStream(subject));
    return async (count: number) => (await driver.publish(to, texts(count))).map(verdict);
  };

  it('is written again where another stream has taken the subject from one with no_ack', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const jsm = await rig.admin();
    await jsm.streams.add({ name: `${name}_silent`, subjects: [name], storage, no_ack: true });
    const publish = await published(name);
    expect(await publish(1)).toEqual(['MULTI_BROKER_PUBLISH_REJECTED no']);
    await jsm.streams.delete(`${name}_silent`);
    await jsm.streams.add({ name, subjects: [name], storage });
    await until(async () => (await publish(1))[0] === 'ok', { what: 'the new stream has it', ...AGAIN });
  });

  it('keeps the order of results that it has no room for, once a refusal has told of its new bound', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const jsm = await rig.admin();
    await jsm.streams.add({ name, subjects: [name], storage });
    const publish = await published(name);
    expect(await publish(1)).toEqual(['ok']);
    await jsm.streams.update(name, { max_msgs: 3_000, discard: DiscardPolicy.New });
    await publish(4_000);
    const looks = await rig.requestsTo(`$JS.API.STREAM.INFO.${name}`);
    const asked = async () => (await publish(1)).length === 1 && looks() > 0;
    await until(asked, { what: 'its bound is known', ...AGAIN });
    for (let round = 0; round < 5; round++) {
      await jsm.streams.purge(name);
      // As many as end the care that follows a refusal.
      const most = await publish(2_990);
      expect(most.filter((one) => one !== 'ok')).toEqual([]);
      const publishing = publish(1_000);
      await jsm.streams.purge(name);
      expect(storedBehindRefused(await publishing)).toEqual([]);
    }
  });
});
