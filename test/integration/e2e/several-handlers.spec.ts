import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type Broker,
  type BrokerDefinition,
  byHeader,
  type Destination,
  MultiBroker,
  Payload,
  type Source,
  Subscribe,
  type SubscribeOptions,
} from '../../../lib/index.js';
import { topic } from '../../../lib/kafka/index.js';
import { stream, subject, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { committedOffsets, createTopic, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, deleteStream, events, orders } from './support.js';

/** A source on a real server, and where to publish for it. */
interface Place {
  readonly definition: BrokerDefinition;
  readonly source: Source;
  readonly to: string | Destination;
  readonly done: () => Promise<void>;
}

const nothing = async (): Promise<void> => {};

const places: Readonly<Record<string, () => Promise<Place>>> = {
  'a Kafka topic': async () => {
    const name = await createTopic(uniqueName('several'), 1);
    return { definition: orders(), source: topic(name), to: name, done: nothing };
  },
  'a durable': async () => {
    const name = uniqueName('several').replaceAll('-', '_');
    const source = stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' });
    return { definition: events(), source, to: toStream(`${name}.a`), done: () => deleteStream(name) };
  },
  'a queue group': async () => {
    const name = uniqueName('several').replaceAll('-', '_');
    return { definition: events(), source: subject(name, { queue: 'q' }), to: name, done: nothing };
  },
};

/** An application with a handler of type `a`, one of type `b`, and one of the rest unless `rest` is false. */
async function several(
  { definition: { name: broker }, definition, source }: Place,
  { rest = true, fails = () => false, ...options }: Settings = {},
) {
  const calls: string[] = [];
  const noted = (handler: string, id: number): string => {
    calls.push(`${handler} ${String(id)}`);
    if (fails(handler, id)) throw new Error('not yet');
    return `${handler} ${String(id)}`;
  };
  @Injectable()
  class OfTypes {
    @Subscribe(broker, source, { filter: byHeader('type', 'a'), retry: { attempts: 2, delayMs: 10 }, ...options })
    a(@Payload() id: number) {
      return noted('a', id);
    }

    @Subscribe(broker, source, { filter: byHeader('type', 'b'), ack: 'ack-first' })
    b(@Payload() id: number) {
      return noted('b', id);
    }
  }
  @Injectable()
  class Rest {
    @Subscribe(broker, source, { retry: { attempts: 1 } })
    rest(@Payload() id: number) {
      return noted('rest', id);
    }
  }
  const app = await application([definition], rest ? [Rest, OfTypes] : [OfTypes]);
  await app.init();
  return { app, calls, brokers: app.get(MultiBroker), broker: app.get(MultiBroker).get(broker), OfTypes, Rest };
}

interface Settings extends Pick<SubscribeOptions, 'unmatched' | 'deadLetter'> {
  readonly rest?: boolean;
  readonly fails?: (handler: string, id: number) => boolean;
}

const types = ['a', 'c', 'b', 'a', 'a', 'c', 'b'];
const publish = async (broker: Broker, to: string | Destination, wanted = types): Promise<void> => {
  for (const [id, type] of wanted.entries()) await broker.publish(to, id, { key: 'k', headers: { type } });
};

whenBrokers(describe).each(Object.keys(places))('several handlers of %s on a real server', (kind) => {
  let place: Place;
  afterEach(async () => {
    await closeApps();
    await place.done();
  });

  it('get each message once, in its order, and count it', async () => {
    place = await places[kind]!();
    const { calls, broker, brokers, OfTypes, Rest } = await several(place);
    await publish(broker, place.to);
    await until(() => calls.length === types.length, { what: 'all are handled' });
    expect(calls).toEqual(['a 0', 'rest 1', 'b 2', 'a 3', 'a 4', 'rest 5', 'b 6']);
    await until(() => broker.health().counts.unsettled === 0, { what: 'all are settled' });
    const counts = [brokers.handler(OfTypes, 'a'), brokers.handler(OfTypes, 'b'), brokers.handler(Rest, 'rest')].map(
      (handle) => handle.counts.handled,
    );
    expect([counts, broker.health().counts.handled]).toEqual([[3, 2, 2], 7]);
  });

  it('leave nothing behind that nobody takes', async () => {
    place = await places[kind]!();
    const { app, calls, broker } = await several(place, { rest: false });
    await publish(broker, place.to);
    await until(() => calls.length === 5 && broker.health().counts.unmatched === 2, { what: 'two are left' });
    await until(() => broker.health().counts.unsettled === 0, { what: 'all are settled' });
    expect(calls).toEqual(['a 0', 'b 2', 'a 3', 'a 4', 'b 6']);
    await app.close();
    const again = await several(place, { rest: false });
    await again.broker.publish(place.to, 9, { headers: { type: 'a' } });
    await until(() => again.calls.length > 0, { what: 'the next message' });
    expect(again.calls).toEqual(['a 9']);
  });
});

whenBrokers(describe).each(['a Kafka topic', 'a durable'])('several handlers of %s on a real server', (kind) => {
  let place: Place;
  afterEach(async () => {
    await closeApps();
    await place.done();
  });

  it('have failures and redeliveries of their own', async () => {
    place = await places[kind]!();
    let failures = 3;
    const fails = (handler: string): boolean => handler === 'a' && failures-- > 0;
    const { calls, broker } = await several(place, { fails });
    await publish(broker, place.to, ['a', 'c']);
    await until(() => calls.filter((call) => call === 'a 0').length === 4 && calls.includes('rest 1'), {
      what: 'two calls in place, and two more after the redelivery',
    });
    await until(() => broker.health().counts.unsettled === 0, { what: 'all are settled' });
    expect(broker.health().counts).toMatchObject({ failed: 3, handled: 2 });
  });
});

whenBrokers(describe)('several handlers of one source on real servers', () => {
  afterEach(closeApps);

  it('share one member of the Kafka group, whose offsets pass what nobody takes', async () => {
    const name = await createTopic(uniqueName('several'), 1);
    const groupId = uniqueName('several');
    const place = { definition: orders({ groupId }), source: topic(name), to: name, done: nothing };
    const { app, broker } = await several(place, { rest: false });
    await publish(broker, name, ['c', 'a', 'c']);
    await until(() => broker.health().counts.unmatched === 2, { what: 'two are taken by nobody' });
    await app.close();
    expect(await committedOffsets(groupId, name)).toEqual([3]);
  });

  it('park what nobody takes in the dead letters', async () => {
    const [name, letters] = [await createTopic(uniqueName('several'), 1), await createTopic(uniqueName('letters'), 1)];
    const place = { definition: orders(), source: topic(name), to: name, done: nothing };
    const { broker } = await several(place, { rest: false, unmatched: 'reject', deadLetter: letters });
    const parked: (string | undefined)[] = [];
    await broker.subscribe(topic(letters, { groupId: uniqueName('letters') }), (_, { message: { headers } }) => {
      parked.push(headers['dead-letter-code'], headers['dead-letter-handler']);
    });
    await publish(broker, name, ['c', 'a']);
    await until(() => parked.length > 0, { what: 'a letter' });
    expect(parked).toEqual(['MULTI_BROKER_UNMATCHED', 'OfTypes.a and OfTypes.b']);
    expect(broker.health().counts).toMatchObject({ unmatched: 1, deadLettered: 1, rejected: 0 });
  });

  it('of a queue group: the one that takes a request answers it, on one of two replicas', async () => {
    const place = await places['a queue group']!();
    const [one, two] = [await several(place), await several(place)];
    const ask = async (type: string, id: number) =>
      (await one.broker.request(place.to, id, { headers: { type } })).payload;
    expect([await ask('a', 1), await ask('c', 2)]).toEqual(['a 1', 'rest 2']);
    expect([...one.calls, ...two.calls].sort()).toEqual(['a 1', 'rest 2']);
  });
});
