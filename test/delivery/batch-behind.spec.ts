import { describe, expect, it } from '@jest/globals';
import { Outbox } from '../../lib/delivery/index.js';
import type { Outcome } from '../../lib/driver/index.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { destination, MemoryLog } from '../support/delivery-rig.js';
import { confirmed, FakeDriver, refused, type Write } from '../support/fake-driver.js';
import { turns } from '../support/turns.js';

/** An outbox whose driver answers when the test says so, and the bodies that are confirmed. */
function rig() {
  const [clock, driver, log] = [new VirtualClock(0), new FakeDriver(), new MemoryLog()];
  driver.hold = true;
  const outbox = new Outbox({ broker: 'out', kind: 'fake', clock, log, driver: () => driver });
  const done: string[] = [];
  const send = (...bodies: string[]): void => {
    for (const body of bodies) {
      const told = (outcome: Outcome): unknown => 'receipt' in outcome && done.push(body);
      outbox.send(destination('q'), { message: { body: Buffer.from(body) }, persistent: true, done: told });
    }
  };
  const write = (index: number): Write => driver.writes[index] as Write;
  const bodies = (): readonly (readonly string[])[] => driver.writes.map((one) => one.bodies);
  return { clock, driver, outbox, done, send, write, bodies };
}

/** A batch that is written, and one behind it. */
async function two() {
  const made = rig();
  made.send('a1', 'a2');
  await turns();
  made.write(0).onItsWay();
  made.send('b1', 'b2');
  await turns();
  return made;
}

describe('a batch', () => {
  it('follows one that is written, before that is confirmed', async () => {
    const { bodies } = await two();
    expect(bodies()).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ]);
  });

  it('that waited follows as soon as the one before it is written', async () => {
    const { send, write, bodies } = rig();
    send('a');
    await turns();
    send('b');
    await turns();
    expect(bodies()).toEqual([['a']]);
    write(0).onItsWay();
    await turns();
    expect(bodies()).toEqual([['a'], ['b']]);
  });

  it('is the only one behind another', async () => {
    const { send, write, bodies } = await two();
    write(1).onItsWay();
    send('c');
    await turns();
    expect(bodies()).toHaveLength(2);
    write(0).confirm();
    await turns();
    expect(bodies()[2]).toEqual(['c']);
  });

  it('does not follow one that was written 25 ms ago: it may be lost, and this one not', async () => {
    const { clock, send, write, bodies } = rig();
    send('a');
    await turns();
    write(0).onItsWay();
    clock.advance(25);
    send('b');
    await turns();
    expect(bodies()).toEqual([['a']]);
    write(0).confirm();
    await turns();
    expect(bodies()).toEqual([['a'], ['b']]);
  });

  it('is no larger than half of one that nothing follows', async () => {
    const { send, write, driver } = rig();
    send('a');
    await turns();
    send(...Array.from({ length: 3_000 }, String));
    write(0).onItsWay();
    await turns();
    write(0).confirm();
    write(1).onItsWay();
    await turns();
    expect(driver.writes.map(({ batch }) => batch.length)).toEqual([1, 1_024, 1_024]);
  });

  it('is told of after the one before it, whichever is confirmed first', async () => {
    const { write, done } = await two();
    write(1).confirm();
    await turns();
    expect(done).toEqual([]);
    write(0).confirm();
    await turns();
    expect(done).toEqual(['a1', 'a2', 'b1', 'b2']);
  });
});

describe('what has to be retried', () => {
  it('goes before what is behind it, once nothing is under way any more', async () => {
    const { clock, write, bodies, send } = await two();
    write(0).answer([confirmed, refused(true)]);
    send('c');
    await turns();
    expect(clock.pending()).toEqual([]);
    write(1).answer([refused(true), refused(true)]);
    await turns();
    clock.advance(1_000);
    await turns();
    expect(bodies()[2]).toEqual(['a2', 'b1', 'b2', 'c']);
  });

  it('is followed by nothing before it is confirmed', async () => {
    const { clock, write, bodies, send, done } = await two();
    write(0).answer([refused(true), refused(true)]);
    write(1).answer([refused(true), refused(true)]);
    await turns();
    clock.advance(1_000);
    await turns();
    write(2).onItsWay();
    send('c');
    await turns();
    expect(bodies()).toHaveLength(3);
    write(2).confirm();
    await turns();
    expect(bodies()[3]).toEqual(['c']);
    expect(done).toEqual(['a1', 'a2', 'b1', 'b2']);
  });

  it('is given up with all behind it where the outbox is abandoned', async () => {
    const { outbox, write, send } = await two();
    send('c');
    outbox.abandon();
    write(0).answer([refused(true), refused(true)]);
    write(1).answer([refused(true), refused(true)]);
    await outbox.settled();
    expect(outbox.pending).toBe(0);
  });

  it('is named by health since the oldest of it was written', async () => {
    const { clock, outbox, write } = await two();
    clock.advance(4_000);
    write(0).confirm();
    await turns();
    expect(outbox.backlogs()).toMatchObject([{ since: 0, waiting: [{}, {}] }]);
    write(1).confirm();
    await turns();
    expect(outbox.backlogs()).toEqual([]);
  });
});
