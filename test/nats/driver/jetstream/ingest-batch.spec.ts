import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';

import type { Outcome } from '../../../../lib/driver/index.js';
import type { ClientMessage } from '../../../../lib/nats/driver/connection/client-port.js';
import type { Inbox } from '../../../../lib/nats/driver/connection/inbox.js';
import { PublishErrors } from '../../../../lib/nats/driver/connection/publish-errors.js';
import { IngestBatch } from '../../../../lib/nats/driver/jetstream/ingest/ingest-batch.js';
import { readPubAck } from '../../../../lib/nats/driver/jetstream/pub-acks.js';
import { natsBroker, toStream } from '../../../../lib/nats/index.js';
import { verdict } from '../../../integration/nats/support.js';

const to = natsBroker({ name: 'events', client: {} }).destination(toStream('orders'));
const errors = new PublishErrors('events');
const ID = 'abc1';

/** A batch of so many messages, all written, and what it told its publisher. */
function written(count: number) {
  const outcomes = new Array<Outcome>(count);
  const run = { failed: false, refusal: undefined };
  const told: string[] = [];
  const batch = new IngestBatch(to, ID, count - 1, outcomes, run, {
    errors,
    inbox: { expect: () => ({ prefix: 'box.1.', end: () => told.push('forgotten') }) } as unknown as Inbox,
    read: (destination, message) => {
      const answer = readPubAck(message, destination, errors);
      return typeof answer === 'object' ? answer.outcome : undefined;
    },
    confirmed: (_to, stream) => told.push(`by ${stream}`),
    disabled: () => told.push('disabled'),
    tooMany: ({ subject }) => told.push(`too many of ${subject}`),
  });
  const subjects = Array.from(outcomes, (_, index) => {
    const subject = batch.reply(index);
    batch.wrote(index);
    return subject;
  });
  batch.close();
  /** An answer of nats-server 2.15.1 to the message with this number. */
  const answer = (number: number, body: string): void => {
    batch.answered(NaN, { subject: subjects[number - 1], data: Buffer.from(body) } as unknown as ClientMessage);
  };
  const isOver = () => Promise.race([batch.settled().then(() => true), turn().then(() => false)]);
  return { batch, outcomes, run, told, subjects, answer, isOver, verdicts: () => Array.from(outcomes, said) };
}

const said = (outcome: Outcome | undefined): string => (outcome === undefined ? 'open' : verdict(outcome));
const pubAck = (count: number): string => `{"stream":"ORDERS","seq":40,"batch":"${ID}","count":${count}}`;
const unknown =
  '{"error":{"code":400,"err_code":10208,"description":"batch publish ID unknown"},"stream":"ORDERS","seq":0}';

describe('a batch of fast ingest', () => {
  it('tells the server where it begins and ends, and that nothing may be missing', () => {
    expect(written(3).subjects).toEqual([
      'box.1.abc1.500.fail.1.0.$FI',
      'box.1.abc1.500.fail.2.1.$FI',
      'box.1.abc1.500.fail.3.2.$FI',
    ]);
  });

  it('takes messages as stored when the server says up to where, and not before', async () => {
    const { answer, verdicts, isOver } = written(4);
    answer(1, '{"type":"ack","seq":0,"msgs":500}');
    expect(verdicts()).toEqual(['open', 'open', 'open', 'open']);
    answer(2, '{"type":"ack","seq":2,"msgs":500}');
    expect(verdicts()).toEqual(['ok', 'ok', 'open', 'open']);
    expect(await isOver()).toBe(false);
  });

  it('is over by its PubAck, which names the stream', async () => {
    const { answer, verdicts, isOver, told } = written(3);
    answer(3, pubAck(3));
    expect(verdicts()).toEqual(['ok', 'ok', 'ok']);
    expect(await isOver()).toBe(true);
    expect(told).toContain('by ORDERS');
  });

  it('leaves open what the server did not store behind a message that it refused', async () => {
    const { answer, verdicts, isOver, run } = written(5);
    const error = '{"code":400,"err_code":10060,"description":"expected stream does not match"}';
    answer(3, `{"type":"err","seq":3,"error":${error}}`);
    expect(await isOver()).toBe(false);
    answer(3, pubAck(2));
    expect(verdicts()).toEqual(['ok', 'ok', 'MULTI_BROKER_PUBLISH_REJECTED no', 'open', 'open']);
    expect(await isOver()).toBe(true);
    expect(run).toMatchObject({ failed: true, refusal: undefined });
  });

  it('tells what may be stored without a word of it, which lies between what is confirmed and what is refused', () => {
    const { answer, batch } = written(6);
    answer(
      5,
      '{"type":"err","seq":5,"error":{"code":400,"err_code":10109,"description":"invalid operation on sealed stream"}}',
    );
    expect(batch.untold()).toEqual([0, 1, 2, 3]);
    answer(5, pubAck(2));
    expect(batch.untold()).toEqual([2, 3]);
  });

  it('says that a full stream may be tried again, so that nothing is written behind the message', () => {
    const { answer, run } = written(3);
    answer(2, '{"type":"err","seq":2,"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"}}');
    answer(2, pubAck(1));
    expect(run.refusal).toMatchObject({ code: 'MULTI_BROKER_PUBLISH_REJECTED', retryable: true });
  });

  it('gives a message that is too large its own error, which the server sends outside of the batch', () => {
    const { answer, verdicts } = written(4);
    const tooLarge = '{"error":{"code":400,"err_code":10054,"description":"too large"},"stream":"ORDERS","seq":0}';
    answer(2, tooLarge);
    answer(3, '{"type":"gap","last_seq":2,"seq":3}');
    answer(3, pubAck(1));
    answer(4, unknown);
    expect(verdicts()).toEqual(['ok', 'MULTI_BROKER_PAYLOAD_TOO_LARGE no', 'open', 'open']);
  });

  it('is over where the last message is refused outside of the batch, which the server then never ends', async () => {
    const { answer, verdicts, isOver } = written(3);
    answer(3, '{"error":{"code":400,"err_code":10054,"description":"too large"},"stream":"ORDERS","seq":0}');
    expect(verdicts()).toEqual(['open', 'open', 'MULTI_BROKER_PAYLOAD_TOO_LARGE no']);
    expect(await isOver()).toBe(true);
  });

  it('is over where the server does not know it, and leaves all open', async () => {
    const { answer, verdicts, isOver } = written(3);
    for (const number of [1, 2, 3]) answer(number, unknown);
    expect(verdicts()).toEqual(['open', 'open', 'open']);
    expect(await isOver()).toBe(true);
  });

  it('says where the stream takes no batches any more', async () => {
    const { answer, told, isOver } = written(2);
    const disabled = '{"error":{"code":400,"err_code":10205,"description":"disabled"},"stream":"ORDERS","seq":0}';
    answer(1, disabled);
    answer(2, disabled);
    expect(told).toContain('disabled');
    expect(await isOver()).toBe(true);
  });

  it('is over where the server has too many, leaves all open, and says of which destination', async () => {
    const { answer, told, verdicts, isOver } = written(3);
    answer(1, '{"error":{"code":429,"err_code":10211,"description":"too many inflight"},"stream":"ORDERS","seq":0}');
    answer(2, unknown);
    expect(await isOver()).toBe(false);
    answer(3, unknown);
    expect(verdicts()).toEqual(['open', 'open', 'open']);
    expect(told).toContain('too many of orders');
    expect(await isOver()).toBe(true);
  });

  it('ignores replies of other subscribers and what is not of its form, and remembers that they came', async () => {
    const { batch, answer, verdicts, isOver } = written(2);
    answer(2, 'hello');
    answer(2, '{"ok":true}');
    answer(2, 'null');
    answer(2, '{"type":"ack","seq":"none"}');
    answer(1, '{"stream":"ORDERS","seq":40,"batch":"another","count":2}'.replace('"stream"', '"streams"'));
    expect(verdicts()).toEqual(['open', 'open']);
    expect(await isOver()).toBe(false);
    expect(batch.strangers).toBe(true);
  });

  it('takes a PubAck of one message as that of the message', () => {
    const { answer, outcomes } = written(2);
    answer(1, '{"stream":"ORDERS","seq":40}');
    expect(outcomes[0]).toEqual({ receipt: { position: 'ORDERS@40' } });
  });

  it('has a message that cannot be written keep its error, and is over at once where that was the last', () => {
    const outcomes = new Array<Outcome>(2);
    const run = { failed: false, refusal: undefined };
    const batch = new IngestBatch(to, ID, 1, outcomes, run, {
      errors,
      inbox: { expect: () => ({ prefix: 'box.1.', end: () => undefined }) } as unknown as Inbox,
      read: () => undefined,
      confirmed: () => undefined,
      disabled: () => undefined,
      tooMany: () => undefined,
    });
    batch.reply(0);
    batch.wrote(0);
    batch.reply(1);
    batch.unwritten(1, errors.tooLarge(to, 'over the limit'));
    batch.close();
    expect(Array.from(outcomes, said)).toEqual(['open', 'MULTI_BROKER_PAYLOAD_TOO_LARGE no']);
    return expect(batch.settled()).resolves.toBeUndefined();
  });

  it('fails what is open where the connection is lost', () => {
    const { batch, answer, verdicts } = written(3);
    answer(1, '{"type":"ack","seq":1,"msgs":500}');
    batch.fail(errors.unconfirmed(to, 'lost'));
    const maybe = 'MULTI_BROKER_PUBLISH_UNCONFIRMED maybe';
    expect(verdicts()).toEqual(['ok', maybe, maybe]);
  });
});
