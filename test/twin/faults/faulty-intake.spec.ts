import { expect, it } from '@jest/globals';
import type { Intake, Sink } from '../../../lib/driver/index.js';
import { FaultyIntake } from '../../../lib/twin/faults/faulty-intake.js';

const nothing = (): void => undefined;
const sink: Sink = { opened: nothing, take: nothing };
const script = { duplicates: false, takesDuplicate: () => false, survives: () => true };

/** A source whose intake comes when the test says so, and the ends of what came. */
function slowly(): { begin: () => Promise<Intake>; comes: () => void; ends: string[] } {
  const ends: string[] = [];
  let comes = nothing;
  const intake = {
    stopFetching: () => Promise.resolve(),
    flush: () => Promise.resolve(),
    close: async () => void ends.push('closed'),
    abandon: () => void ends.push('abandoned'),
  };
  const begin = (): Promise<Intake> => new Promise((resolve) => (comes = () => resolve(intake)));
  return { begin, comes: () => comes(), ends };
}

it('what begins to read while the connection is lost again is abandoned', async () => {
  const { begin, comes, ends } = slowly();
  const reading = new FaultyIntake(begin, nothing, sink, script);
  const opening = reading.open(new AbortController().signal);
  await reading.lose(new Error('the connection is gone'));
  comes();
  await opening;
  expect(ends).toEqual(['abandoned']);
});

it('what begins to read while it is closed is left', async () => {
  const { begin, comes, ends } = slowly();
  const reading = new FaultyIntake(begin, nothing, sink, script);
  const opening = reading.open(new AbortController().signal);
  await reading.close();
  comes();
  await opening;
  expect(ends).toEqual(['closed']);
});
