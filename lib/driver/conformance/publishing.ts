import assert from 'node:assert/strict';

import { isMultiBrokerError } from '../../errors/index.js';
import type { Outcome } from '../driver.js';
import { type RawHeader, rawHeadersOf } from '../message.js';
import { codeOf, keyed, numbered, text } from './bench.js';
import type { DriverPromise } from './promise.js';
import { within } from './waiting.js';

/** Promises about `publish`. */
export const publishing: readonly DriverPromise[] = [
  {
    id: 'P1',
    text: 'body, key and headers arrive as they were written',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const headers = { 'content-type': 'application/octet-stream', 'x-city': 'Zürich 🏔', 'x-empty': '' };
      await bench.publish(driver, place.destination, { body, key: 'schlüssel-1', headers });
      await probe.hasCount(1);
      const { message } = probe.taken[0]!;
      assert.deepEqual(Uint8Array.from(message.body ?? []), body);
      assert.equal(message.key, 'schlüssel-1');
      for (const [name, value] of Object.entries(headers)) assert.equal(message.headers()[name], value, name);
      assert.equal(message.address, place.destination.address);
      assert.ok(Math.abs(message.timestamp - bench.target.clock.now()) < 60_000, 'its timestamp is not about now');
    },
  },
  {
    id: 'P2',
    text: 'a message without a value, key or headers arrives without them',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      await bench.publish(driver, place.destination, { body: null });
      await probe.hasCount(1);
      const { message } = probe.taken[0]!;
      assert.equal(message.body, null);
      assert.equal(message.key, undefined);
      assert.deepEqual(message.headers(), {});
    },
  },
  {
    id: 'P3',
    text: 'an empty body arrives as an empty body',
    unless: ({ features }) =>
      features.emptyIsNotNull ? undefined : 'the system does not distinguish empty from missing',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      await bench.publish(driver, place.destination, { body: new Uint8Array(0) });
      await probe.hasCount(1);
      assert.equal(probe.taken[0]!.message.body?.length, 0);
    },
  },
  {
    id: 'P4',
    text: 'each message has an outcome of its own; none for an empty batch',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      assert.equal((await bench.publish(driver, place.destination)).length, 0);
      const receipts = await bench.publish(driver, place.destination, ...numbered(50));
      assert.equal(receipts.length, 50);
      const positions = receipts.map(({ position }) => position).filter((position) => position !== undefined);
      assert.equal(new Set(positions).size, positions.length, 'two messages have one position');
      await probe.has(...numbered(50));
    },
  },
  {
    id: 'P5',
    text: 'a message that is too large fails alone: its neighbours of the same batch arrive',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      const huge = { body: Buffer.alloc(bench.target.features.tooLargeBytes, 'x'), key: 'k' };
      const messages = [keyed('before'), huge, keyed('after')];
      const outcomes = await bench.tryPublish(driver, place.destination, ...messages);
      assert.deepEqual(outcomes.map(codeAndWritten), ['ok', 'MULTI_BROKER_PAYLOAD_TOO_LARGE no', 'ok']);
      await probe.has('before', 'after');
      assert.equal(probe.taken.length, 2);
    },
  },
  {
    id: 'P6',
    text: 'a message with a header that the system cannot carry fails alone',
    unless: ({ invalidHeader }) => (invalidHeader ? undefined : 'the system carries any header'),
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      const [name, value] = bench.target.invalidHeader!;
      const messages = [text('before'), text('bad', { headers: { [name]: value } }), text('after')];
      const outcomes = await bench.tryPublish(driver, place.destination, ...messages);
      assert.deepEqual(outcomes.map(codeAndWritten), ['ok', 'MULTI_BROKER_HEADER_INVALID no', 'ok']);
      await probe.has('before', 'after');
      assert.equal(probe.taken.length, 2);
    },
  },
  {
    id: 'P7',
    text: 'publish on a closed driver resolves with an error per message, and writes nothing',
    async prove(bench) {
      const { place, driver } = await bench.writer();
      await driver.close();
      const outcomes = await bench.tryPublish(driver, place.destination, 'one', 'two');
      assert.equal(outcomes.length, 2);
      for (const outcome of outcomes) assert.equal('error' in outcome && outcome.error.written, 'no');
    },
  },
  {
    id: 'P8',
    text: 'reusing a buffer after its outcome changes no message',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      const body = Buffer.from('first');
      await bench.publish(driver, place.destination, { body });
      body.write('other');
      await bench.publish(driver, place.destination, { body });
      await probe.has('first', 'other');
    },
  },
  {
    id: 'P9',
    text: 'an address that the system does not allow is refused with its own code',
    unless: ({ invalidAddresses }) => (invalidAddresses ? undefined : 'the system takes any address'),
    async prove(bench) {
      for (const resolve of bench.target.invalidAddresses!) {
        assert.equal(await codeOf(Promise.resolve().then(resolve)), 'MULTI_BROKER_ADDRESS_INVALID', resolve.toString());
      }
    },
  },
  {
    id: 'P10',
    text: 'a second message with the same dedupe id is reported as a duplicate and does not arrive',
    unless: ({ features }) => (features.dedupes ? undefined : 'the system has no dedupe by id'),
    async prove(bench) {
      const place = await bench.target.makePlace();
      assert.equal(place.destination.dedupes, true);
      const driver = await bench.open();
      const probe = await bench.read(driver, place.source());
      const [first] = await bench.publish(driver, place.destination, text('once', { dedupeId: 'id-1' }));
      const [second] = await bench.publish(driver, place.destination, text('again', { dedupeId: 'id-1' }));
      assert.ok(first?.duplicate !== true);
      assert.equal(second?.duplicate, true);
      await bench.publish(driver, place.destination, text('last', { dedupeId: 'id-2' }));
      await probe.has('once', 'last');
      assert.equal(probe.count('again'), 0);
    },
  },
  {
    id: 'P11',
    text: 'a destination that does not exist is refused with its own code, and nothing is written',
    unless: ({ makeUnknownDestination }) =>
      makeUnknownDestination ? undefined : 'the system creates it, or needs none',
    async prove(bench) {
      const driver = await bench.open();
      const [outcome] = await bench.tryPublish(driver, bench.target.makeUnknownDestination!(), 'nowhere');
      assert.equal(codeAndWritten(outcome!), 'MULTI_BROKER_DESTINATION_UNKNOWN no');
    },
  },
  {
    id: 'P12',
    text: 'close settles the publishes in flight first, and confirmed ones arrive',
    async prove(bench) {
      const { place, probe } = await bench.reader();
      const closing = await bench.open('closing');
      const sent = numbered(200);
      const answered = bench.tryPublish(closing, place.destination, ...sent);
      let isAnswered = false;
      void answered.then(() => (isAnswered = true));
      await within(closing.close(), 'close()', bench.patienceMs);
      await bench.breathe();
      assert.ok(isAnswered, 'close() resolved with a publish in flight');
      const outcomes = await answered;
      assert.equal(outcomes.length, sent.length);
      for (const outcome of outcomes) assert.ok('receipt' in outcome || isMultiBrokerError(outcome.error));
      await probe.has(...sent.filter((_, index) => 'receipt' in outcomes[index]!));
    },
  },
  {
    id: 'P13',
    text: 'a binary key arrives byte for byte, and keys that look alike as text stay distinct',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      const keys = [Buffer.from([0xff, 0x01]), Buffer.from([0xfe, 0x01]), Buffer.from('line\nbreak')];
      await bench.publish(driver, place.destination, ...keys.map((key) => text(key.toString('hex'), { key })));
      await probe.has(...keys.map((key) => key.toString('hex')));
      for (const key of keys) {
        const { message } = probe.find(key.toString('hex'));
        assert.deepEqual(Buffer.from(message.rawKey ?? message.key ?? ''), key);
        assert.equal(message.key, key.toString());
      }
    },
  },
  {
    id: 'P14',
    text: 'raw headers arrive byte for byte, with any name and value, repeated ones in order',
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      const rawHeaders: RawHeader[] = [
        ['a b', Buffer.from('1')],
        ['schema', Buffer.from([0, 0, 0, 10])],
        ['twice', Buffer.from('1')],
        ['twice', Buffer.from([0xff])],
        ['twice', Buffer.from('1')],
      ];
      await bench.publish(driver, place.destination, text('raw', { headers: { plain: 'text' }, rawHeaders }));
      await probe.has('raw');
      const { message } = probe.find('raw');
      const came = rawHeadersOf(message);
      for (const name of ['a b', 'schema', 'twice']) {
        const due = rawHeaders.filter(([other]) => other === name);
        assert.deepEqual(came.filter(([other]) => other === name).map(asHex), due.map(asHex), name);
      }
      assert.deepEqual(came.filter(([name]) => name === 'plain').map(asHex), [['plain', '74657874']]);
      assert.equal(message.headers()['twice'], '1', 'of repeated headers the last is the text');
    },
  },
];

function codeAndWritten(outcome: Outcome): string {
  return 'error' in outcome ? `${outcome.error.code} ${outcome.error.written}` : 'ok';
}

function asHex([name, value]: RawHeader): [string, string | undefined] {
  return [name, value?.toString('hex')];
}
