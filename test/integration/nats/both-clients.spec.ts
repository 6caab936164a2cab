import { describe, expect, it, jest } from '@jest/globals';
import type { JsMsg as NatsIoJsMsg } from '@nats-io/jetstream';
import type { JsMsg } from 'nats';

import { type NatsLibrary, toStream } from '../../../lib/nats/index.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { StreamRig } from './stream-rig.js';
import { Collector, start, text } from './support.js';

jest.setTimeout(60_000);

whenNative(describe, 'nats')('the two clients of NATS', () => {
  const rig = new StreamRig();
  const { at, facts, source, fill } = rig;

  it('carry brokers of one process side by side, each of which reads what the other one has published', async () => {
    const brokers = [await start({ ...at(), library: 'nats' }), await start({ ...at(), library: '@nats-io' })] as const;
    const names = [uniqueName('ONE'), uniqueName('OTHER')] as const;
    const sinks = [new Collector(() => 'ack'), new Collector(() => 'ack')] as const;
    for (const at of [0, 1] as const) await brokers[at].subscribe(sinks[at], source(brokers[at], names[at]));
    await Promise.all([fill(brokers[0], names[1], 1_000, 'a'), fill(brokers[1], names[0], 1_000, 'b')]);
    const wanted = (prefix: string) => Array.from({ length: 1_000 }, (_, index) => `${prefix}${index}`);
    await sinks[0].until(1_000);
    await sinks[1].until(1_000);
    expect(sinks.map(({ texts }) => texts)).toEqual([wanted('b'), wanted('a')]);
  });

  it.each<NatsLibrary>(['nats', '@nats-io'])(
    'hand over a stream’s message as raw, which can settle it: %s',
    async (library) => {
      const name = uniqueName('RAW');
      const by = await start({ ...at(), library });
      const sink = new Collector();
      await by.subscribe(sink, source(by, name));
      const message = text('{"größe":1}', { headers: { a: 'b' } });
      await by.driver.publish(by.definition.destination(toStream(`${name}.a`)), [message, text('2'), text('3')]);
      const [first, second, third] = (await sink.until(3)).map((taken) => taken.message.raw as JsMsg | NatsIoJsMsg);
      expect(first).toMatchObject({ subject: `${name}.a`, seq: 1, redelivered: false });
      expect(first!.info).toMatchObject({ stream: name, consumer: 'd', streamSequence: 1, deliverySequence: 1 });
      expect([first!.json(), first!.string(), first!.headers!.get('a')]).toEqual([{ größe: 1 }, '{"größe":1}', 'b']);
      expect([await first!.ackAck(), await first!.ackAck()]).toEqual([true, false]);
      second!.working();
      second!.term();
      third!.nak();
      // The copy of the last one is what the lane knows already, so that no handler gets it.
      const isLeft = async () => {
        const { num_redelivered: redelivered, num_ack_pending: pending } = await facts(name);
        return redelivered === 1 && pending === 1;
      };
      await until(isLeft, { what: 'the others are settled, and it is redelivered' });
    },
  );
});
