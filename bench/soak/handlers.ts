import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { type Destination, MultiBrokerModule, outgoing, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker, topic } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';
import { socketFactory } from '../support/kafka-cut.js';
import { type Arrival, type Durable, EVERY, FLOWS, MAX_DELIVER, type Travelling } from './flows.js';
import type { Setting } from './setting.js';
import { natsLibrary } from '../support/nats-library.js';

export { sleep };
export const ACK_WAIT = 5_000;

const { replica, kafka, nats, failing } = JSON.parse(process.env['SETTING']!) as Setting;
const incarnation = `${replica}/${process.pid}`;

const key = (value: unknown): string => (value as Travelling).key;

/** What arrives of a message: without its padding. */
export function told({ id, key }: Travelling): Travelling {
  return { id, key, by: incarnation };
}

@Injectable()
class Flows {
  @Subscribe('orders', FLOWS.there.from.topic)
  @PublishTo('events', streamOf(FLOWS.there.to))
  async there(@Payload() value: Travelling): Promise<Travelling> {
    return this.work(value);
  }

  @Subscribe('events', read(FLOWS.back.from))
  @PublishTo('orders', 'soak-out', { key })
  async back(@Payload() value: Travelling): Promise<Travelling> {
    return this.work(value);
  }

  @Subscribe('orders', FLOWS.far.from.topic)
  @PublishTo('far', 'soak-far-out', { key })
  far(@Payload() value: Travelling): Travelling {
    return value;
  }

  @Subscribe('orders', FLOWS.full.from.topic)
  @PublishTo('events', streamOf(FLOWS.full.to.slice(1)))
  full(@Payload() value: Travelling): unknown {
    if (value.id % EVERY > 0) return told(value);
    return outgoing(told(value), { destination: streamOf(FLOWS.full.to) });
  }

  @Subscribe('events', read(FLOWS.shared.from))
  @PublishTo('events', streamOf(FLOWS.shared.to))
  async shared(@Payload() value: Travelling): Promise<Travelling> {
    // Long enough that a busy processor hardly counts: what is compared is what each is given.
    await sleep(40);
    return told(value);
  }

  @Subscribe('events', read(FLOWS.limited.from, { maxDeliver: MAX_DELIVER }))
  @PublishTo('events', streamOf(FLOWS.limited.to))
  async limited(@Payload() value: Travelling): Promise<Travelling> {
    await sleep(50);
    return told(value);
  }

  @Subscribe('optional-kafka', topic(FLOWS.optionalTopic.from.topic, { groupId: FLOWS.optionalTopic.from.group }))
  @PublishTo('events', streamOf(FLOWS.optionalTopic.to))
  optionalTopic(@Payload() value: Travelling): Travelling {
    return told(value);
  }

  // A name alone would let the server make the topic.
  @Subscribe('optional-kafka', topic(/^soak-late-topic$/, { groupId: FLOWS.lateTopic.from.group }))
  @PublishTo('events', streamOf(FLOWS.lateTopic.to))
  lateTopic(@Payload() value: Travelling): Travelling {
    return told(value);
  }

  @Subscribe('optional-nats', read(FLOWS.optionalStream.from))
  @PublishTo('events', streamOf(FLOWS.optionalStream.to))
  optionalStream(@Payload() value: Travelling): Travelling {
    return told(value);
  }

  @Subscribe('optional-nats', read(FLOWS.lateStream.from))
  @PublishTo('events', streamOf(FLOWS.lateStream.to))
  lateStream(@Payload() value: Travelling): Travelling {
    return told(value);
  }

  private async work(value: Travelling): Promise<Travelling> {
    if (Math.random() * 1_000 < failing) throw new Error('A handler fails now and then');
    if (Math.random() < 0.01) await sleep(5);
    return told(value);
  }
}

export function streamOf(arrivals: readonly Arrival[]): Destination {
  return toStream((arrivals[0] as { subject: string }).subject);
}

function read({ stream: name, durable }: Durable, options: { maxDeliver?: number } = {}): ReturnType<typeof stream> {
  return stream(name, { durable, ackWaitMs: ACK_WAIT, ...options });
}

const client = { brokers: [...kafka] };
const servers = nats;

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId: FLOWS.there.from.group, client, consumer: { sessionTimeout: 6_000 } }),
      natsBroker({ name: 'events', library: natsLibrary, client: { servers } }),
      kafkaBroker({ name: 'far', client: { ...client, socketFactory } }),
      kafkaBroker({ name: 'optional-kafka', critical: false, client, consumer: { sessionTimeout: 6_000 } }),
      natsBroker({ name: 'optional-nats', library: natsLibrary, critical: false, client: { servers } }),
    ]),
  ],
  providers: [Flows],
})
export class AppModule {}
