import { Injectable, type LoggerService } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'nats';
import { MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import {
  createTopic,
  produce,
  realBrokers,
  startNatsServer,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

jest.setTimeout(60_000);

/** Reads a topic and passes on to `subject` of a stream. */
function bridge(topic: string, subject: string) {
  @Injectable()
  class Bridge {
    @Subscribe('orders', topic)
    @PublishTo('events', toStream(subject))
    pass(@Payload() text: string) {
      return text;
    }
  }
  return Bridge;
}

whenBrokers(describe)('a bridge whose target takes nothing', () => {
  afterEach(closeApps);

  it('says so while the stream is full: health of both brokers and one warning, until it goes on', async () => {
    const [topic, name] = [await createTopic(uniqueName('topic'), 1), uniqueName('FULL')];
    const nc = await connect({ servers: realBrokers().nats });
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({
      name,
      subjects: [`${name}.>`],
      max_msgs: 1,
      discard: 'new' as never,
      storage: 'memory' as never,
    });
    await nc.jetstream().publish(`${name}.x`, 'full');
    await produce(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
    const lines: string[] = [];
    const log: LoggerService = {
      log: (line: string) => lines.push(line),
      warn: (line: string) => lines.push(line),
      error: (line: string) => lines.push(line),
    };
    const app = await application([orders(), events()], [bridge(topic, `${name}.y`)]);
    app.useLogger(log);
    await app.init();
    const reasons = (broker: string) => app.get(MultiBroker).get(broker).health().reasons.join('\n');

    await until(() => reasons('events') !== '' && reasons('orders') !== '', { what: 'health tells it' });
    expect(reasons('events')).toMatch(
      new RegExp(
        `^3 message\\(s\\) wait to be published to .*${name}\\.y.* since \\d{4}-.*: .*maximum messages exceeded`,
      ),
    );
    expect(reasons('orders')).toMatch(
      new RegExp(`^Bridge\\.pass \\(${topic}\\[0\\]\\) waits for 3 message\\(s\\) .*on broker 'events' since `),
    );
    const told = () => lines.filter((line) => line.includes('to be published'));
    await until(() => told().length > 0, { what: 'the log tells it' });

    await jsm.streams.update(name, { max_msgs: 100 });
    await until(() => reasons('events') === '' && reasons('orders') === '', { what: 'health is well again' });
    expect((await jsm.streams.info(name)).state.messages).toBe(4);
    expect([told().length, lines.filter((line) => line.includes('goes on')).length]).toEqual([1, 1]);
    await app.close();
    await jsm.streams.delete(name);
    await nc.close();
  });

  it('says so while the connection to the target is down: the health of the source names handler and target', async () => {
    const topic = await createTopic(uniqueName('topic'), 1);
    const server = await startNatsServer();
    const app = await application(
      [orders(), events({ client: { servers: server.url, reconnectTimeWait: 200 } })],
      [bridge(topic, 'away.y')],
    );
    await app.init();
    const source = () => app.get(MultiBroker).get('orders').health();
    expect(source()).toMatchObject({ status: 'up', reasons: [] });
    await server.kill();
    await produce(topic, [{ value: 'a' }]);
    await until(() => source().reasons.length > 0, { what: 'health tells it' });
    expect(source()).toMatchObject({
      status: 'degraded',
      reasons: [
        expect.stringMatching(/^Bridge\.pass \(.*\) waits for 1 message\(s\) .*away\.y.* on broker 'events' since /),
      ],
    });
    await app.close();
    await server.stop();
  });
});
