import net from 'node:net';

import { describe, expect, it } from '@jest/globals';

import { Outbox } from '../../../lib/delivery/outbox.js';
import { systemClock } from '../../../lib/async/index.js';
import { MemoryLog } from '../../support/delivery-rig.js';
import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { ON_KAFKAJS } from '../../support/kafka-library.js';
import { createTopic, readAll, realBrokers, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

/** A way to the server that can be cut, while the server stays up. */
class Way {
  down = false;
  dials = 0;
  private readonly open = new Set<net.Socket>();

  readonly socketFactory = ({ host, port, onConnect }: { host: string; port: number; onConnect(): void }) => {
    this.dials++;
    const socket = net.connect(this.down ? { host: '127.0.0.1', port: 1 } : { host, port }, onConnect);
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    return socket;
  };

  cut(): void {
    this.down = true;
    for (const socket of this.open) socket.destroy(new Error('cut'));
  }
}

whenBrokers(describe)('what is published to one partition over an outage that outlasts the tries', () => {
  closeAfterEach();

  it.each([
    ['large', 12, 500_000, 16],
    ['small', 2_500, 400, 6],
  ])(
    'keeps its order: %s messages',
    async (_what, count, size, tries) => {
      const topic = await createTopic(uniqueName('order'));
      const way = new Way();
      // In place of some 40 s of outage: what is given up after two tries is given up soon.
      const client = { brokers: realBrokers().kafka, socketFactory: way.socketFactory };
      const producer = { retry: { retries: 1 } };
      const { driver, definition } = await connected({ client, producer }, ON_KAFKAJS);
      const outbox = new Outbox({
        broker: 'orders',
        kind: 'kafka',
        clock: systemClock,
        log: new MemoryLog(),
        driver: () => driver,
      });
      const to = definition.destination(topic);
      const body = (index: number) => Buffer.alloc(size, ' ').fill(String(index).padStart(6, '0'), 0, 6);
      const send = (index: number): void => {
        outbox.send(to, { message: { body: body(index), key: 'k' }, persistent: true, done: () => undefined });
      };
      send(0);
      await outbox.settled();
      way.cut();
      for (let index = 1; index <= count; index++) send(index);
      const { dials } = way;
      await until(() => way.dials > dials + tries, { what: 'it was tried more than once' });
      way.down = false;
      await outbox.settled();
      const values = (await readAll(topic)).map(({ value }) => Number(value!.slice(0, 6)));
      // What may have been written is written twice, where it stood.
      expect([...new Set(values)]).toEqual(Array.from({ length: count + 1 }, (_, index) => index));
    },
    60_000,
  );
});
