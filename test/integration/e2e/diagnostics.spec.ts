import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type DeliveryTrace, MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

whenBrokers(describe)('diagnostics channels on real brokers', () => {
  afterEach(closeApps);

  it('trace a bridge from Kafka to NATS: call, failure, call again, publish, settlement, end; no payload', async () => {
    const [topic, groupId] = [await createTopic(uniqueName('traced'), 1), uniqueName('group')];
    const subject = uniqueName('traced').replaceAll('-', '.');
    let failing = 1;
    @Injectable()
    class Bridge {
      @Subscribe('orders', topic)
      @PublishTo('events', subject)
      forward(@Payload() text: string) {
        if (failing-- > 0) throw new Error('down');
        return text;
      }
    }

    const lines: string[] = [];
    const traces: unknown[] = [];
    const listeners = [
      ['tracing:nestjs-multi-broker:delivery:start', 'called'],
      ['tracing:nestjs-multi-broker:delivery:error', 'failed'],
      ['nestjs-multi-broker:delivery:settle', 'settled'],
      ['tracing:nestjs-multi-broker:delivery:asyncEnd', 'ended'],
      ['tracing:nestjs-multi-broker:publish:start', 'publishing'],
      ['tracing:nestjs-multi-broker:publish:asyncEnd', 'published'],
    ].map(([name = '', step]) => {
      const listener = (trace: unknown): void => {
        const { handler, kind, attempt, outcome } = trace as Partial<DeliveryTrace>;
        if (handler === undefined) return;
        traces.push(trace);
        lines.push(
          [step, kind, attempt, outcome]
            .filter((part) => part !== undefined)
            .map(String)
            .join(' '),
        );
      };
      return { name, listener };
    });
    for (const { name, listener } of listeners) subscribe(name, listener);

    const app = await application([orders({ groupId }), events()], [Bridge]);
    await app.init();
    await app.get(MultiBroker).get('orders').publish(topic, 'secret');
    await until(() => lines.includes('ended kafka 2 acked'), { what: 'the delivery ends' });
    for (const { name, listener } of listeners) unsubscribe(name, listener);

    expect(lines).toEqual([
      'called kafka 1',
      'failed kafka 1',
      'called kafka 2',
      'publishing nats',
      'published nats',
      'settled kafka 2 acked',
      'ended kafka 2 acked',
    ]);
    expect(JSON.stringify(traces)).not.toContain('secret');
  });

  it('trace a request to NATS that is answered, one that is not, and the phases of start and stop', async () => {
    const subject = uniqueName('traced').replaceAll('-', '.');
    @Injectable()
    class Prices {
      @Subscribe('events', subject)
      price() {
        return 'secret';
      }
    }

    const lines: string[] = [];
    const listeners = ['request', 'lifecycle'].flatMap((channel) =>
      ['start', 'error', 'asyncEnd'].map((event) => {
        const listener = (trace: unknown): void => {
          const { phase, address, error } = trace as { phase?: string; address?: string; error?: { code?: string } };
          const parts = [event, phase ?? (address === subject ? 'asked' : 'unanswered'), error?.code];
          lines.push(parts.filter((part) => part !== undefined).join(' '));
        };
        return { name: `tracing:nestjs-multi-broker:${channel}:${event}`, listener };
      }),
    );
    for (const { name, listener } of listeners) subscribe(name, listener);

    const app = await application([events()], [Prices]);
    await app.init();
    const broker = app.get(MultiBroker).get('events');
    expect((await broker.request(subject, 'x')).payload).toBe('secret');
    await expect(broker.request(`${subject}.none`, 'x')).rejects.toThrow();
    await app.close();
    for (const { name, listener } of listeners) unsubscribe(name, listener);

    expect(lines).toEqual([
      'start start',
      'asyncEnd start',
      'start asked',
      'asyncEnd asked',
      'start unanswered',
      'error unanswered MULTI_BROKER_NO_RESPONDERS',
      'asyncEnd unanswered MULTI_BROKER_NO_RESPONDERS',
      'start drain',
      'asyncEnd drain',
      'start disconnect',
      'asyncEnd disconnect',
    ]);
  });
});
