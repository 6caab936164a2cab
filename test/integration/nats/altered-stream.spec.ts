import { describe, expect, it, jest } from '@jest/globals';
import { headers, RetentionPolicy, StorageType, type StreamUpdateConfig } from 'nats';

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

  it('is not acked for a schedule where it allows schedules since then: the schedule goes on', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const jsm = await rig.admin();
    const settings = { subjects: [`${name}.>`], retention: RetentionPolicy.Workqueue, storage: StorageType.Memory };
    await jsm.streams.add({ name, ...settings, allow_rollup_hdrs: true });
    const by = await start(rig.at());
    const sink = new Collector(() => 'ack');
    await by.subscribe(sink, by.definition.source(stream(name, { durable: 'd' })));
    // The look after the change is that of the consumer, and then of the stream.
    const looks = await rig.requestsTo(`$JS.API.STREAM.INFO.${name}`);
    await jsm.streams.update(name, { allow_msg_schedules: true, allow_msg_ttl: true } as Partial<StreamUpdateConfig>);
    const before = looks();
    await until(() => looks() > before, { what: 'it is looked up', ...LOOK });
    const schedule = headers();
    schedule.set('Nats-Schedule', '@every 1s');
    schedule.set('Nats-Schedule-Target', `${name}.target`);
    await rig.nc.jetstream().publish(`${name}.schedule`, 'again', { headers: schedule });
    await sink.until(2);
    expect(new Set(sink.taken.map(({ message }) => message.address))).toEqual(new Set([`${name}.target`]));
  });

  it('loses no body where its consumer is set to headers only meanwhile, and is read on once it is not', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const by = await start(rig.at());
    const sink = new Collector(() => 'ack');
    await by.subscribe(sink, rig.source(by, name));
    const jsm = await rig.admin();
    await jsm.consumers.update(name, 'd', { headers_only: true });
    await rig.fill(by, name, 2);
    const issues = () => by.driver.healthIssues!();
    await until(() => issues().length > 0, { what: 'health tells', ...LOOK });
    expect(issues()).toEqual([expect.stringContaining('headers_only is true and should be false')]);
    await jsm.consumers.update(name, 'd', { headers_only: false });
    await sink.until(2, LOOK.timeoutMs);
    // As ever, what a durable gets back comes in any order.
    expect([[...sink.texts].sort(), issues()]).toEqual([['m0', 'm1'], []]);
  });

  it('is read on where a publisher has written the header of a body that was left out', async () => {
    const name = uniqueName('S').replaceAll('-', '_');
    const by = await start(rig.at());
    const sink = new Collector(() => 'ack');
    await by.subscribe(sink, rig.source(by, name));
    const copied = headers();
    copied.set('Nats-Msg-Size', '5');
    for (let at = 0; at < 2; at++) await rig.nc.jetstream().publish(name, '', { headers: copied });
    await sink.until(2);
    expect([sink.texts, by.driver.healthIssues!()]).toEqual([['', ''], []]);
  });
});
