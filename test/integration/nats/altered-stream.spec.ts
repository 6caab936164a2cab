import { describe, expect, it, jest } from '@jest/globals';

import { stream } from '../../../lib/nats/index.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { StreamRig } from './stream-rig.js';
import { Collector, start } from './support.js';

jest.setTimeout(60_000);

const LOOK = { timeoutMs: 20_000, everyMs: 50 };

whenNative(describe, 'nats')('a stream that is altered while it is read', () => {
  const rig = new StreamRig();

  it('is read on after a reconnect where its limits are others, and health says what the next start will refuse', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const by = await rig.proxied();
    const sink = new Collector(() => 'ack');
    await by.subscribe(sink, rig.source(by, name, { maxMessages: 1_000 }));
    const jsm = await rig.admin();
    const issues = () => by.driver.healthIssues!();
    await rig.fill(by, name, 1);
    await sink.until(1);
    await jsm.streams.update(name, { max_msgs: 2_000 });
    by.proxy.cut();
    await until(() => by.states.at(-1) === 'up', { what: 'it is connected again', timeoutMs: 20_000 });
    await rig.fill(by, name, 1);
    await sink.until(2);
    const told = [
      expect.stringMatching(/changed on the server, .* refuses it: maxMessages is 2000 and should be 1000/),
    ];
    await until(() => issues().length > 0, { what: 'health tells', ...LOOK });
    expect(issues()).toEqual(told);
    expect(by.logs.at(-1)?.message).toEqual(told[0]);
    await jsm.streams.update(name, { max_msgs: 1_000 });
    await until(() => issues().length === 0, { what: 'health is well again', ...LOOK });
  });

  it('says so where it captures no subject any more that its source reads, until it does again', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const jsm = await rig.admin();
    const [all, others] = [{ name, subjects: [`${name}.>`] }, { subjects: [`${name}.us`] }];
    await jsm.streams.add(all);
    const by = await start(rig.at());
    const sink = new Collector(() => 'ack');
    await by.subscribe(sink, by.definition.source(stream(name, { durable: 'd', filter: `${name}.eu` })));
    await rig.fill(by, `${name}.eu`, 1);
    await jsm.streams.update(name, others);
    const issues = () => by.driver.healthIssues!();
    await until(() => issues().length > 0, { what: 'health tells', ...LOOK });
    const told = [expect.stringContaining(`gets nothing new: its stream captures only ${name}.us now`)];
    expect(issues()).toEqual(told);
    expect(by.logs.map(({ message }) => message)).toEqual(told);
    await jsm.streams.update(name, all);
    await until(() => issues().length === 0, { what: 'health is well again', ...LOOK });
    await rig.fill(by, `${name}.eu`, 1);
    await sink.until(2);
  });
});
