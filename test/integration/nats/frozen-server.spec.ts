import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { stream, toStream } from '../../../lib/nats/index.js';
import { startNatsServer, type TestNatsServer, uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { closeAll, Collector, start, type Started, texts } from './support.js';

jest.setTimeout(60_000);

/** A server that is stopped keeps its connections, and the system accepts new ones for it. */
whenNative(describe, 'nats')('a NATS server that accepts connections and answers nothing', () => {
  let server: TestNatsServer;
  beforeEach(async () => {
    server = await startNatsServer({ jetstream: true });
  });
  afterEach(async () => {
    server.resume();
    await closeAll();
    await server.stop();
  });

  const reading = async (): Promise<{
    by: Started;
    sink: Collector;
    name: string;
    issues: () => readonly string[];
  }> => {
    const by = await start({ client: { servers: server.url } });
    const [name, sink] = [uniqueName('FROZEN'), new Collector()];
    await by.subscribe(sink, by.definition.source(stream(name, { subjects: [name], durable: 'd', storage: 'memory' })));
    await by.driver.publish(by.definition.destination(toStream(name)), texts(1));
    return { by, sink, name, issues: () => by.driver.healthIssues!() };
  };
  const timed = async (condition: () => boolean, what: string, timeoutMs = 12_000): Promise<number> => {
    const from = performance.now();
    await until(condition, { what, timeoutMs });
    return performance.now() - from;
  };

  it('is told by health after some 5 s, with what it does not read, until it answers', async () => {
    const { by, name, issues } = await reading();
    expect(issues()).toEqual([]);
    server.pause();
    const ms = await timed(() => issues().length > 0, 'health tells the silence');
    expect([ms > 2_500, ms < 8_000]).toEqual([true, true]);
    expect(issues()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^NATS has not answered a PING for [56] s \\(since 20.*Z\\); not read meanwhile: stream ${name} \\(durable d\\)$`,
        ),
      ),
    ]);
    server.resume();
    await timed(() => issues().length === 0, 'health is well again');
    expect(by.states).toEqual([]);
  });

  it('is told with a publish under way, which is confirmed once it answers', async () => {
    const { by, name, issues } = await reading();
    server.pause();
    const publishing = by.driver.publish(by.definition.destination(toStream(name)), texts(1));
    await timed(() => issues().length > 0, 'health tells the silence');
    server.resume();
    expect(await publishing).toMatchObject([{ receipt: {} }]);
    await timed(() => issues().length === 0, 'health is well again');
  });

  it('that answers for a moment only is told of sooner the second time, with since when', async () => {
    const { issues } = await reading();
    server.pause();
    await timed(() => issues().length > 0, 'health tells the silence');
    const since = /since (20.*?Z)/.exec(issues()[0]!)![1]!;
    server.resume();
    await timed(() => issues().length === 0, 'it answers');
    server.pause();
    expect(await timed(() => issues().length > 0, 'health tells the silence again')).toBeLessThan(4_000);
    expect(issues()[0]).toContain(`since ${since}`);
  });
});
