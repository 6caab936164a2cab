import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecordLog } from '../../lib/twin/index.js';

const filled = (count: number): RecordLog<string> => {
  const log = new RecordLog<string>(0, (text) => text.length);
  for (let place = 0; place < count; place++) log.append(`m${place}`);
  return log;
};

describe('a log', () => {
  it('counts from where its system does', () => {
    expect([
      new RecordLog(0).append('a'),
      new RecordLog(1).append('a'),
      new RecordLog(1).first,
      new RecordLog(1).end,
    ]).toEqual([0, 1, 1, 1]);
  });

  it('drops the oldest beyond its retention, by count and by bytes', () => {
    const log = filled(10);
    log.retain({ messages: 4, bytes: Infinity });
    expect([log.first, log.end, log.size, log.at(5), log.at(6)]).toEqual([6, 10, 4, undefined, 'm6']);
    log.retain({ messages: Infinity, bytes: 5 });
    expect([log.first, log.size, log.bytes]).toEqual([8, 2, 4]);
  });

  it('keeps the place of what is left when one in the middle is taken out', () => {
    const log = filled(4);
    expect([log.remove(2), log.remove(2), log.remove(9), log.remove(-1)]).toEqual([true, false, false, false]);
    expect([log.first, log.at(1), log.at(2), log.at(3), log.size]).toEqual([0, 'm1', undefined, 'm3', 3]);
    log.remove(1);
    log.remove(0);
    expect([log.first, log.end]).toEqual([3, 4]);
  });

  it('goes on counting when all of it is gone', () => {
    const log = filled(3);
    log.retain({ messages: 0, bytes: 0 });
    expect([log.first, log.end, log.size, log.append('next'), log.at(3)]).toEqual([3, 3, 0, 3, 'next']);
  });

  it('says the same as a plain array, whatever is appended, taken out and dropped', () => {
    const step = fc.oneof(
      fc.constant<['append']>(['append']),
      fc.tuple(fc.constant('remove' as const), fc.nat(60)),
      fc.tuple(fc.constant('retain' as const), fc.nat(40)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const log = new RecordLog<string>();
        const model: (string | undefined)[] = [];
        for (const [what, value] of steps) {
          if (what === 'append') model[log.append(`m${model.length}`)] = `m${model.length}`;
          else if (what === 'remove') {
            log.remove(value);
            if (value < model.length) model[value] = undefined;
          } else {
            log.retain({ messages: value, bytes: Infinity });
            for (let place = 0; model.filter((one) => one !== undefined).length > value; place++)
              model[place] = undefined;
          }
        }
        const kept = model.findIndex((one) => one !== undefined);
        expect(log.end).toBe(model.length);
        expect(log.first).toBe(kept < 0 && log.size === 0 ? log.first : kept);
        expect(model.map((_, place) => log.at(place))).toEqual(model);
      }),
    );
  });

  it('of a million appended holds no more than its retention', () => {
    const log = new RecordLog<string>();
    let most = 0;
    for (let place = 0; place < 1_000_000; place++) {
      log.append('m');
      log.retain({ messages: 1_000, bytes: Infinity });
      most = Math.max(most, log.size);
    }
    expect([most, log.first, log.end]).toEqual([1_000, 999_000, 1_000_000]);
  });
});
