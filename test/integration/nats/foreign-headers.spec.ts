import { once } from 'node:events';
import { connect } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { startNatsServer, type TestNatsServer, uniqueName, whenNative } from '../../support/real-brokers.js';
import { closeAll, closeLater, Collector, outside, start, text } from './support.js';

jest.setTimeout(60_000);

/** The server looks at no header, so anybody may write what nats.js throws for. */
whenNative(describe, 'nats')('a header that is not as it has to be', () => {
  let server: TestNatsServer;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterEach(closeAll);
  afterAll(() => server.stop());

  const at = () => ({ client: { servers: server.url } });
  const write = async (subject: string, lines: string, body = '') => {
    const head = `NATS/1.0\r\n${lines}\r\n`;
    const socket = connect(server.port, '127.0.0.1');
    socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
    socket.end(`HPUB ${subject} ${head.length} ${head.length + body.length}\r\n${head}${body}\r\n`);
    socket.resume();
    await once(socket, 'close');
  };

  it('is left out, and the message comes with its others', async () => {
    const by = await start(at());
    const sink = new Collector();
    const subject = uniqueName('foreign');
    await by.subscribe(sink, by.definition.source(subject));
    await write(subject, 'a name: x\r\nmessage-key: k\r\nx-a: 1\r\nx-a: 2\r\nx-b: a\nb\r\n', 'body');
    const [taken] = await sink.until(1);
    expect(taken!.message.headers()).toEqual({ 'x-a': '2' });
    expect([taken!.message.key, sink.texts]).toEqual(['k', ['body']]);
  });

  it('does not end the reading of the connection when it comes in an answer', async () => {
    const by = await start(at());
    const nc = closeLater(await outside(server.url));
    const subject = uniqueName('asked');
    nc.subscribe(subject, {
      callback: (_, asked) =>
        void (asked.string() === 'bad' ? write(asked.reply ?? '', 'a name: x\r\n') : asked.respond('fine')),
    });
    await nc.flush();
    const ask = async (what: string) =>
      by.driver.request!(by.definition.destination(subject), text(what), AbortSignal.timeout(5_000));
    expect((await ask('bad')).headers()).toEqual({});
    expect(Buffer.from((await ask('good')).body ?? []).toString()).toBe('fine');
  });
});
