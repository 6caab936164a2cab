import { describe, expect, it } from '@jest/globals';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';
import { seeded } from '../../../lib/twin/index.js';
import { expectServiceError, serviceErrors } from '../../support/nats/service-errors.js';
import { turns } from '../../support/turns.js';
import { message, TwinBench } from '../../support/twin-bench.js';

const events = natsBroker({ name: 'events', client: {} });
const never = new AbortController().signal;

describe('a request on the NATS twin', () => {
  it('is answered by the first who does', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    for (const name of ['first', 'second']) {
      await bench.read(driver, events.source('ask'), ({ message: got }) => {
        void driver.publish(events.destination(got.replyTo!), [message(name)]);
        return 'ack';
      });
    }
    const answer = await driver.request!(events.destination('ask'), message('?'), never);
    expect(Buffer.from(answer.body!).toString()).toBe('first');
  });

  it('is answered by the first answer of one who gives several, whatever order a seed draws', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const bench = new TwinBench(seeded(seed));
      const driver = await bench.connect(events);
      await bench.read(driver, events.source('ask'), ({ message: got }) => {
        void driver.publish(
          events.destination(got.replyTo!),
          ['1', '2', '3'].map((text) => message(text)),
        );
        return 'ack';
      });
      const answer = await driver.request!(events.destination('ask'), message('?'), never);
      expect(Buffer.from(answer.body!).toString()).toBe('1');
    }
  });

  it.each(serviceErrors)('fails with what a service says by $what', async (error) => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, events.source('ask'), ({ message: got }) => {
      void driver.publish(events.destination(got.replyTo!), [message('secret', { headers: error.headers })]);
      return 'ack';
    });
    await expectServiceError(driver.request!(events.destination('ask'), message('?'), never), error, 'secret');
  });

  it('to a subject that a stream captures is an error that names the stream, which has stored it', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const reader = await bench.read(driver, events.source(stream('S', { subjects: ['s.>'], durable: 'd' })));
    const asking = driver.request!(events.destination('s.a'), message('?'), never);
    await expect(asking).rejects.toMatchObject({
      code: 'MULTI_BROKER_REQUEST_UNSUPPORTED',
      message: expect.stringContaining('Stream S captures subject s.a'),
    });
    await turns();
    expect(reader.texts).toEqual(['?']);
  });

  it('to a stream’s destination is refused', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    const asking = driver.request!(events.destination(toStream('s.a')), message('?'), never);
    await expect(asking).rejects.toMatchObject({ code: 'MULTI_BROKER_REQUEST_UNSUPPORTED' });
  });

  it('ends when the broker is closed', async () => {
    const bench = new TwinBench();
    const driver = await bench.connect(events);
    await bench.read(driver, events.source('ask'));
    const asking = driver.request!(events.destination('ask'), message('?'), never);
    const rejected = expect(asking).rejects.toMatchObject({ code: 'MULTI_BROKER_STOPPED' });
    await driver.close();
    await rejected;
  });
});
