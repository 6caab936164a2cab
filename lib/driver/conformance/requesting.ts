import assert from 'node:assert/strict';

import { codeOf, text } from './bench.js';
import { type DriverPromise, unless } from './promise.js';
import { within } from './waiting.js';

/** Promises about `request`. */
export const requesting: readonly DriverPromise[] = [
  {
    id: 'R1',
    text: 'a driver has request() if, and only if, its system has request/reply',
    unless: ({ features, replyDestination }) =>
      features.request || replyDestination === undefined
        ? undefined
        : 'the driver has it for another kind of destination',
    async prove(bench) {
      const driver = await bench.open();
      assert.equal(driver.request !== undefined, bench.target.features.request);
    },
  },
  {
    id: 'R2',
    text: 'a request is answered by a reader of its address',
    unless: unless.request,
    async prove(bench) {
      const place = await bench.target.makePlace();
      const [asker, responder] = [await bench.open('asker'), await bench.open('responder')];
      await bench.read(responder, place.source(), {
        settle: ({ message, text: body }) => {
          assert.ok(message.replyTo, 'a request has a reply address');
          const answer = text(`answer to ${body}`, { headers: { 'x-answer': 'yes' } });
          void responder.publish(bench.target.replyDestination!(message.replyTo), [answer]);
          return 'ack';
        },
      });
      const asking = ['one', 'two', 'three'].map((body) => asker.request!(place.destination, text(body), bench.signal));
      const answers = await within(Promise.all(asking), 'request()', bench.patienceMs);
      assert.deepEqual(
        answers.map(({ body }) => Buffer.from(body ?? []).toString()),
        ['answer to one', 'answer to two', 'answer to three'],
      );
      assert.equal(answers[0]!.headers()['x-answer'], 'yes');
    },
  },
  {
    id: 'R3',
    text: 'a request without a listener is refused at once with its own code',
    unless: unless.request,
    async prove(bench) {
      const { place, driver } = await bench.writer();
      const asking = driver.request!(place.destination, text('anybody?'), bench.signal);
      assert.equal(await codeOf(within(asking, 'request()', bench.patienceMs)), 'MULTI_BROKER_NO_RESPONDERS');
    },
  },
  {
    id: 'R4',
    text: 'an unanswered request ends with its own code when its signal aborts',
    unless: unless.request,
    async prove(bench) {
      const { place, driver, probe } = await bench.reader();
      const tooLate = new AbortController();
      const asking = codeOf(driver.request!(place.destination, text('slow'), tooLate.signal));
      await probe.has('slow');
      tooLate.abort();
      assert.equal(await within(asking, 'request()', bench.patienceMs), 'MULTI_BROKER_REQUEST_TIMEOUT');
    },
  },
  {
    id: 'R5',
    text: 'a pending request ends with a code of its own when the driver is closed',
    unless: unless.request,
    async prove(bench) {
      const { place, probe } = await bench.reader();
      const asker = await bench.open('asker');
      const asking = codeOf(asker.request!(place.destination, text('slow'), bench.signal));
      await probe.has('slow');
      await within(asker.close(), 'close()', bench.patienceMs);
      assert.equal(await within(asking, 'request()', bench.patienceMs), 'MULTI_BROKER_STOPPED');
    },
  },
];
