import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { MultiBroker, MultiBrokerModule, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { type Graph, graphOf } from '../../lib/lifecycle/index.js';
import { natsBroker, stream, toStream } from '../../lib/nats/index.js';

/** The graph of an application with these handlers. */
async function graph(...providers: (new () => object)[]): Promise<Graph> {
  const brokers = [
    kafkaBroker({ name: 'kafka', groupId: 'g', client: { brokers: ['localhost:9092'] } }),
    natsBroker({ name: 'nats', client: {} }),
  ];
  @Module({ imports: [MultiBrokerModule.forRoot(brokers, { inMemory: true, allowLateBrokers: true })], providers })
  class AppModule {}
  const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  return graphOf(app.get(MultiBroker).topology());
}

const placesOf = ({ brokers }: Graph, broker: string) =>
  brokers.find(({ name }) => name === broker)?.places.map(({ label, address }) => `${label}: ${address}`);

/** Edges in short, by labels. */
function edgesOf({ brokers, handlers, edges }: Graph): string[] {
  const nodes = [...brokers.flatMap(({ places }) => places), ...handlers];
  const labels = new Map(nodes.map(({ id, label }) => [id, label]));
  return edges.map(({ from, to, kind }) => `${labels.get(from) ?? from} ${kind} ${labels.get(to) ?? to}`);
}

describe('the graph of an application', () => {
  it('tells a stream, a subject of a stream and a core subject of one name apart', async () => {
    @Injectable()
    class Shop {
      @Subscribe('kafka', 'in')
      @PublishTo('nats', toStream('orders'))
      keep() {}

      @Subscribe('kafka', 'in2')
      @PublishTo('nats', 'orders')
      tell() {}

      @Subscribe('nats', stream('orders', { durable: 'd', subjects: ['orders'] }))
      kept() {}

      @Subscribe('nats', 'orders')
      told() {}
    }
    const found = await graph(Shop);
    expect(placesOf(found, 'nats')).toEqual([
      'subject orders of a stream: orders',
      'stream orders: orders',
      'subject orders: orders',
    ]);
    expect(edgesOf(found)).toEqual([
      'topic in reads Shop.keep',
      'Shop.keep publishes subject orders of a stream',
      'subject orders of a stream feeds stream orders',
      // On a server a core subscription of the subject gets what is published to a stream, too.
      'subject orders of a stream feeds subject orders',
      'topic in2 reads Shop.tell',
      'Shop.tell publishes subject orders',
      'subject orders feeds stream orders',
      'stream orders reads Shop.kept',
      'subject orders reads Shop.told',
    ]);
  });

  it('tells two clusters with one topic apart, and a topic that is read and written is one', async () => {
    @Injectable()
    class Copy {
      @Subscribe('kafka', 'orders')
      @PublishTo('other', 'orders')
      out() {}

      @Subscribe('kafka', 'again', { deadLetter: 'dlq' })
      @PublishTo('kafka', 'orders')
      back() {}
    }
    const found = await graph(Copy);
    expect([placesOf(found, 'kafka'), placesOf(found, 'other')]).toEqual([
      ['topic again: again', 'topic orders: orders', 'topic dlq: dlq'],
      ['orders: orders'],
    ]);
    const letters = found.brokers.flatMap(({ places }) => places).filter((place) => place.letters);
    expect(letters.map(({ address }) => address)).toEqual(['dlq']);
  });

  it('has each source of a method, and tells two classes of one name apart', async () => {
    const one = (): new () => object => {
      @Injectable()
      class Reader {
        @Subscribe('kafka', 'a')
        @Subscribe('nats', 'b')
        read() {}
      }
      return Reader;
    };
    class Other {
      @Subscribe('kafka', 'a', { groupId: 'other' })
      read() {}
    }
    Injectable()(Other);
    Object.defineProperty(Other, 'name', { value: 'Reader' });
    const { handlers } = await graph(one(), Other);
    expect(handlers.map(({ label, handle }) => [label, handle])).toEqual([
      ['Reader.read', 'Reader.read@nats/b'],
      ['Reader.read', 'Reader.read@kafka/a'],
      ['Reader.read', 'Reader.read@kafka/a#2'],
    ]);
    expect(new Set(handlers.map(({ id }) => id)).size).toBe(3);
  });

  it('has handlers that wait for a broker', async () => {
    class Late {
      @Subscribe('later', 'a')
      read() {}
    }
    Injectable()(Late);
    const { brokers, handlers, edges } = await graph(Late);
    expect(brokers.at(-1)).toMatchObject({ name: 'later', kind: undefined, places: [] });
    expect(handlers).toMatchObject([{ label: 'Late.read', handle: undefined }]);
    expect(edges).toMatchObject([{ from: brokers.at(-1)?.id, to: handlers[0]?.id, kind: 'waits' }]);
  });
});
