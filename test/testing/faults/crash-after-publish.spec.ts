import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeTestApps, events, orders, testApp } from '../../support/test-app.js';

const archive = kafkaBroker({ name: 'archive', groupId: 'a', client: { brokers: ['localhost:9092'] } });

@Injectable()
class ToKafka {
  @Subscribe('orders', 'in')
  @PublishTo('archive', 'out')
  pass(@Payload() text: string) {
    return text;
  }

  @Subscribe('archive', 'out')
  read(@Payload() _text: string) {}
}

@Injectable()
class ToStream {
  @Subscribe('orders', 'in')
  @PublishTo('events', toStream('out.all'))
  pass(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', stream('OUT', { subjects: ['out.>'], durable: 'reader' }))
  read(@Payload() _text: string) {}
}

afterEach(closeTestApps);

describe('a crash after a publish', () => {
  it('makes the message come again, and a Kafka topic has its result twice', async () => {
    const { harness } = await testApp([ToKafka], { definitions: [orders, archive] });
    harness.fault('archive').crashAt('after-publish');
    await harness.publish('orders', 'in', 'a');
    expect(harness.published('archive')).toEqual([]);
    expect(harness.deliveries()).toMatchObject([{ handler: 'ToKafka.pass', outcome: 'abandoned' }]);

    await harness.restart();
    expect(harness.handler(ToKafka, 'pass')).toHaveBeenCalledTimes(2);
    expect(harness.handler(ToKafka, 'read')).toHaveBeenCalledTimes(2);
    // Each copy hangs on its own publish, the one that nobody heard of too.
    expect(harness.timeline().others).toEqual([]);
  });

  it('makes the message come again, and a stream has its result once: it carries a dedupe id', async () => {
    const { harness } = await testApp([ToStream], { definitions: [orders, events] });
    harness.fault('events').crashAt('after-publish');
    await harness.publish('orders', 'in', 'a');
    expect(harness.published('events')).toEqual([]);

    await harness.restart();
    await harness.clock.advance(60_000);
    expect(harness.handler(ToStream, 'pass')).toHaveBeenCalledTimes(2);
    expect(harness.handler(ToStream, 'read')).toHaveBeenCalledTimes(1);
  });

  it('ends a request without its answer, though it was heard', async () => {
    @Injectable()
    class Answers {
      @Subscribe('events', 'ask')
      reply() {
        return 'yes';
      }
    }
    const { harness, broker } = await testApp([Answers]);
    harness.fault('events').crashAt('after-publish');
    await expect(broker('events').request('ask', 'a')).rejects.toMatchObject({ code: 'MULTI_BROKER_STOPPED' });
    await harness.settled();
    expect(harness.pending()).toEqual([]);
  });
});
