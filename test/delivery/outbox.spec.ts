import { describe, expect, it } from '@jest/globals';
import { Outbox } from '../../lib/delivery/index.js';
import type { Driver, Outcome, Outgoing } from '../../lib/driver/index.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { destination, MemoryLog } from '../support/delivery-rig.js';
import { confirmed, FakeDriver, refused } from '../support/fake-driver.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

const text = (body: string): Outgoing => ({ body: Buffer.from(body) });

function rig(): {
  clock: VirtualClock;
  driver: FakeDriver;
  outbox: Outbox;
  connection: { driver: Driver | undefined };
  log: MemoryLog;
} {
  const clock = new VirtualClock(0);
  const driver = new FakeDriver();
  const connection: { driver: Driver | undefined } = { driver };
  const log = new MemoryLog();
  const outbox = new Outbox({ broker: 'out', kind: 'fake', clock, log, driver: () => connection.driver });
  return { clock, driver, connection, log, outbox };
}

/** Sends persistently; what became of it stands in the list. */
function send(outbox: Outbox, body: string, outcomes: Outcome[] = [], to = 'q'): Outcome[] {
  outbox.send(destination(to), { message: text(body), persistent: true, done: (outcome) => outcomes.push(outcome) });
  return outcomes;
}

const codesOf = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map((outcome) => ('error' in outcome ? `${outcome.error.code} ${outcome.error.written}` : 'confirmed'));

describe('publishes', () => {
  it('of one turn leave together, in order', async () => {
    const { outbox, driver } = rig();
    const first = outbox.publish(destination('q'), text('a'));
    send(outbox, 'b');
    await Promise.resolve();
    send(outbox, 'c');
    expect(await first).toBe(confirmed);
    expect(driver.writes.map(({ bodies }) => bodies)).toEqual([['a', 'b', 'c']]);
  });

  it('to one address have one call under way; what comes meanwhile leaves together after it', async () => {
    const { outbox, driver } = rig();
    driver.hold = true;
    send(outbox, 'a');
    await eventually(() => driver.writes.length === 1);
    send(outbox, 'b');
    await turns();
    send(outbox, 'c');
    await turns();
    expect(driver.writes).toHaveLength(1);
    driver.writes[0]?.confirm();
    await turns();
    expect(driver.writes.map(({ bodies }) => bodies)).toEqual([['a'], ['b', 'c']]);
  });

  it('to different addresses do not wait for each other', async () => {
    const { outbox, driver } = rig();
    driver.hold = true;
    send(outbox, 'a', [], 'q');
    send(outbox, 'b', [], 'r');
    await turns();
    expect(driver.writes.map(({ to }) => to.address)).toEqual(['q', 'r']);
  });

  it('leave in calls of at most 2,048', async () => {
    const { outbox, driver } = rig();
    for (let n = 0; n < 5_000; n++) send(outbox, String(n));
    await eventually(() => outbox.pending === 0);
    expect(driver.writes.map(({ batch }) => batch.length)).toEqual([2_048, 2_048, 904]);
    expect(driver.written).toEqual(Array.from({ length: 5_000 }, (_, n) => String(n)));
  });

  it('have each the outcome of its own', async () => {
    const { outbox, driver } = rig();
    driver.outcome = ({ body }) => (String(body) === 'b' ? refused(false) : confirmed);
    const outcomes = await Promise.all(['a', 'b', 'c'].map((body) => outbox.publish(destination('q'), text(body))));
    expect(codesOf(outcomes)).toEqual(['confirmed', 'MULTI_BROKER_PUBLISH_REJECTED no', 'confirmed']);
  });

  it('by code have one try', async () => {
    const { outbox, driver, clock } = rig();
    driver.outcome = () => refused(true);
    expect(codesOf([await outbox.publish(destination('q'), text('a'))])).toEqual([
      'MULTI_BROKER_PUBLISH_UNCONFIRMED no',
    ]);
    expect(clock.pending()).toEqual([]);
  });
});

describe('one address of two confirmations', () => {
  const core = destination('x');
  const deduping = { ...core, dedupes: true };
  const put = (outbox: Outbox, to: typeof core, body: string): void =>
    outbox.send(to, { message: text(body), persistent: true, done: () => {} });

  it('is kept apart', async () => {
    const { outbox, driver } = rig();
    put(outbox, core, 'a');
    put(outbox, deduping, 'b');
    put(outbox, core, 'c');
    await eventually(() => outbox.pending === 0);
    expect(driver.writes.map(({ to, bodies }) => [to.dedupes, ...bodies])).toEqual([
      [false, 'a', 'c'],
      [true, 'b'],
    ]);
  });

  it('has one call under way for each, whichever queue was empty meanwhile', async () => {
    const { outbox, driver } = rig();
    driver.hold = true;
    put(outbox, core, 'a');
    put(outbox, deduping, 'b');
    await turns();
    driver.writes[0]?.confirm();
    await turns();
    put(outbox, deduping, 'c');
    await turns();
    expect(driver.writes.map(({ bodies }) => bodies.join())).toEqual(['a', 'b']);
    driver.writes[1]?.confirm();
    await turns();
    expect(driver.writes.map(({ bodies }) => bodies.join())).toEqual(['a', 'b', 'c']);
  });
});

describe('without a connection', () => {
  it('an explicit publish is refused: nothing was written', async () => {
    const { outbox, connection } = rig();
    connection.driver = undefined;
    expect(codesOf([await outbox.publish(destination('q'), text('a'))])).toEqual(['MULTI_BROKER_NOT_CONNECTED no']);
  });

  it('a result waits until there is one', async () => {
    const { outbox, connection, clock, driver } = rig();
    connection.driver = undefined;
    const outcomes = send(outbox, 'a');
    await turns();
    connection.driver = driver;
    clock.advance(50);
    await turns();
    expect([codesOf(outcomes), driver.written]).toEqual([['confirmed'], ['a']]);
  });
});

describe('a driver that breaks the port', () => {
  it('by rejecting leaves every message of the call unknown, and not tried again', async () => {
    const { outbox, driver, clock } = rig();
    driver.hold = true;
    const outcomes = send(outbox, 'b', send(outbox, 'a'));
    await turns();
    driver.writes[0]?.reject(new Error('socket'));
    await turns();
    expect(codesOf(outcomes)).toEqual(Array.from({ length: 2 }, () => 'MULTI_BROKER_PUBLISH_UNCONFIRMED maybe'));
    expect([clock.pending(), outbox.pending]).toEqual([[], 0]);
  });

  it('by throwing does the same', async () => {
    const { outbox, driver } = rig();
    driver.publish = () => {
      throw new Error('bug');
    };
    expect(codesOf([await outbox.publish(destination('q'), text('a'))])).toEqual([
      'MULTI_BROKER_PUBLISH_UNCONFIRMED maybe',
    ]);
  });

  it('by telling too few outcomes does the same', async () => {
    const { outbox, driver } = rig();
    driver.hold = true;
    const outcomes = send(outbox, 'b', send(outbox, 'a'));
    await turns();
    driver.writes[0]?.answer([confirmed]);
    await turns();
    expect(codesOf(outcomes)).toEqual(Array.from({ length: 2 }, () => 'MULTI_BROKER_PUBLISH_UNCONFIRMED maybe'));
  });
});

describe('an outbox that is abandoned', () => {
  it('tries nothing again: what failed keeps its error', async () => {
    const { outbox, driver, clock } = rig();
    driver.outcome = () => refused(true);
    const outcomes = send(outbox, 'a');
    await turns();
    expect([outcomes, outbox.pending]).toEqual([[], 1]);
    outbox.abandon();
    await outbox.settled();
    expect([codesOf(outcomes), clock.pending()]).toEqual([['MULTI_BROKER_PUBLISH_UNCONFIRMED no'], []]);
    send(outbox, 'b', outcomes);
    await outbox.settled();
    expect(outcomes).toHaveLength(2);
  });

  it('writes nothing more of what waits; the call under way ends by itself', async () => {
    const { outbox, driver } = rig();
    driver.hold = true;
    const outcomes = send(outbox, 'a');
    await turns();
    send(outbox, 'b', outcomes);
    outbox.abandon();
    expect(codesOf(outcomes)).toEqual(['MULTI_BROKER_STOPPED no']);
    driver.writes[0]?.confirm();
    await outbox.settled();
    expect([codesOf(outcomes), driver.written]).toEqual([['MULTI_BROKER_STOPPED no', 'confirmed'], ['a']]);
  });

  it('still has one try for what comes later, and tries again once it is resumed', async () => {
    const { outbox, driver, clock } = rig();
    outbox.abandon();
    expect(await outbox.publish(destination('q'), text('a'))).toBe(confirmed);
    outbox.resume();
    driver.outcome = () => refused(true);
    send(outbox, 'b');
    await turns();
    expect(clock.pending()).toHaveLength(1);
  });
});

it('a queue that is empty is forgotten: subjects may be made from data', async () => {
  const { outbox } = rig();
  for (let n = 0; n < 100; n++) send(outbox, 'a', [], `q${n}`);
  for (let n = 0; n < 100; n++) send(outbox, 'a', [], `q${n} dedupes`);
  await outbox.settled();
  await turns();
  const kept = Object.values(outbox).flatMap((value: unknown) => (value instanceof Map ? [value.size] : []));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.every((size) => size === 0)).toBe(true);
});

it('settled() resolves when nothing is pending', async () => {
  const { outbox, driver } = rig();
  await outbox.settled();
  driver.hold = true;
  send(outbox, 'a');
  let over = false;
  void outbox.settled().then(() => (over = true));
  await turns();
  expect([over, outbox.pending]).toEqual([false, 1]);
  driver.writes[0]?.confirm();
  await turns();
  expect([over, outbox.pending]).toEqual([true, 0]);
});
