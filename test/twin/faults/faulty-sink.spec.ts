import { expect, it } from '@jest/globals';
import type { Incoming, Lane, Sink } from '../../../lib/driver/index.js';
import { FaultySink } from '../../../lib/twin/faults/faulty-sink.js';
import { FakeLane, messages } from '../../support/fake-lane.js';

class Noting implements Sink {
  readonly events: string[] = [];
  readonly opened = ({ name }: Lane): void => void this.events.push(`opened ${name}`);
  readonly take = ({ name }: Lane, batch: readonly Incoming[]): void =>
    void this.events.push(`${name}: ${batch.map(({ position }) => position).join()}`);
}

const script = { duplicates: false, takesDuplicate: () => false, survives: () => true };

function sinks(): { noting: Noting; faulty: FaultySink; lane: FakeLane } {
  const noting = new Noting();
  const faulty = new FaultySink(noting, script);
  const lane = new FakeLane({ name: 'l' });
  faulty.opened(lane);
  return { noting, faulty, lane };
}

it('delivery learns of a lane by its first message', () => {
  const { noting, faulty, lane } = sinks();
  expect(noting.events).toEqual([]);
  void faulty.take(lane, messages('a'));
  void faulty.take(lane, messages('b'));
  expect(noting.events).toEqual(['opened l', 'l: a', 'l: b']);
});

it('nothing is taken from a lane that was lost before it carried anything', () => {
  const { noting, faulty, lane } = sinks();
  faulty.loseAll(new Error('the connection is gone'));
  void faulty.take(lane, messages('a'));
  const [other] = [new FakeLane({ name: 'other' })];
  faulty.opened(other);
  other.lose();
  void faulty.take(other, messages('b'));
  expect(noting.events).toEqual([]);
});

it('is drained as the lane that delivery knows, where it knows it', async () => {
  const { noting, faulty, lane } = sinks();
  const drained: string[] = [];
  Object.assign(noting, { drain: async ({ name }: Lane) => void drained.push(name) });
  await faulty.drain(lane);
  void faulty.take(lane, messages('a'));
  await faulty.drain(lane);
  expect(drained).toEqual(['l']);
});
