import 'reflect-metadata';
import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type BrokerDefinition,
  bytes,
  MultiBroker,
  MultiBrokerModule,
  Payload,
  PublishTo,
  Subscribe,
} from 'nestjs-multi-broker';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';
import type { Order } from '../support/messages.js';
import { kafkaOf } from '../support/kafka-library.js';
import { natsUrl } from '../support/servers.js';
import { Tally } from '../support/tally.js';
import { bytesAlone, pass, ready, Stopwatch, task, tell, took, work } from '../support/task.js';
import { natsLibrary } from '../support/nats-library.js';

// One route of the library, as its user writes it.
const { from, to, source, target, count, id } = task();
const watch = new Stopwatch();
const tally = new Tally(count);
// A consumer with the limit of the loop's.
const read = from === 'jetstream' ? stream(source, { durable: id, maxAckPending: 20_000 }) : source;
const brokerOf = (place: typeof from): string => (place === 'kafka' ? 'kafka' : 'nats');
let handled = 0;

@Injectable()
class Bridge {
  @Subscribe(brokerOf(from), read)
  @PublishTo(brokerOf(to), to === 'jetstream' ? toStream(target) : target)
  forward(@Payload() value: Order): Promise<unknown> {
    handled++;
    return work(value);
  }
}

/** Mirrors bodies as they are. */
@Injectable()
class Mirror {
  @Subscribe(brokerOf(from), read, { codec: bytes })
  @PublishTo(brokerOf(to), to === 'jetstream' ? toStream(target) : target, { codec: bytes })
  forward(@Payload() value: Buffer): Promise<unknown> {
    handled++;
    return pass(value);
  }
}

@Injectable()
class Reader {
  @Subscribe(brokerOf(from), read)
  async read(@Payload() value: Order): Promise<void> {
    handled++;
    took();
    tally.see(value.id);
  }
}

function brokers(): readonly BrokerDefinition[] {
  const all = {
    kafka: () => kafkaOf(id),
    nats: () => natsBroker({ name: 'nats', library: natsLibrary, client: { servers: natsUrl } }),
  };
  const needed = new Set(to === 'nothing' ? [brokerOf(from)] : [brokerOf(from), brokerOf(to)]);
  return [...needed].map((name) => all[name as keyof typeof all]());
}

const Handler: Type = to === 'nothing' ? Reader : bytesAlone ? Mirror : Bridge;

@Module({ imports: [MultiBrokerModule.forRoot([...brokers()])], providers: [Handler] })
class AppModule {}

watch.beginWithFirstFetch(from);
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const health = app.get(MultiBroker);
if (from === 'core') ready();

// Over when the last message is settled, which is after its output was confirmed. Not by `get()`: who has a broker may
// publish by hand, and from then on messages are followed, which on Node 20 costs each some 1.5 µs.
function look(): void {
  // Asked once all are handled: before that it would only cost.
  if (handled >= count && health.health().brokers.every(({ counts }) => counts.unsettled === 0)) {
    const report = { ...watch.report(handled), ...(to === 'nothing' ? { seen: tally.read() } : {}) };
    void app.close().then(() => tell(report));
  } else setTimeout(look, 1);
}
look();
