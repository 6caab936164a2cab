import { describe, expect, it } from '@jest/globals';
import { keyed, sideBySide } from '../../../support/side-by-side.js';
import { openBatches } from '../../../support/keyed-batches.js';
import { turns } from '../../../support/turns.js';

describe('batches side by side', () => {
  it('begin at once, as many as perLane; messages of a key are of one batch and no other one', async () => {
    const { rig, made, end } = openBatches({ batch: { maxSize: 3 }, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'a2', 'a3', 'a4', 'c1', 'd1', 'e1'));
    await turns();
    expect(made).toEqual(['a1 a2 a3', 'b1 c1 d1']);
    expect(rig.counts.running).toBe(2);
    end('b1 c1 d1');
    await turns();
    expect(made.slice(2)).toEqual(['e1']);
    end('a1 a2 a3');
    await turns();
    expect(made.slice(3)).toEqual(['a4']);
    expect(rig.lane.fates).toEqual(['b1', 'c1', 'd1', 'a1', 'a2', 'a3'].map((body) => `${body} ack`));
  });

  it('have their messages in the order of the lane', async () => {
    const { rig, made } = openBatches({ batch: { maxSize: 10 }, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', '-1', 'b1', 'a2', '-2', 'c1', 'b2', 'a3'));
    await turns();
    expect(made).toEqual(['a1 -1 b1 a2 -2 c1 b2 a3']);
  });

  it('take messages without a key into any batch, as these have no order', async () => {
    const { rig, made } = openBatches({ batch: { maxSize: 2 }, binding: { sideBySide: sideBySide(3) } });
    void rig.take(...keyed('-1', '-2', '-3', '-4', '-5', '-6', '-7'));
    await turns();
    expect(made).toEqual(['-1 -2', '-3 -4', '-5 -6']);
  });

  it('leave a key that waits for its batch behind, and go on with those that came after it', async () => {
    const { rig, made, end } = openBatches({ batch: { maxSize: 2 }, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1'));
    await turns();
    void rig.take(...keyed('a2', 'b2', 'c1'));
    await turns();
    expect(made).toEqual(['a1 b1', 'c1']);
    end('a1 b1');
    await turns();
    expect(made.slice(2)).toEqual(['a2 b2']);
  });

  it('give each key its turn, however many messages another one has', async () => {
    const { rig, made, end } = openBatches({ batch: { maxSize: 2 }, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'c1'));
    await turns();
    end('a1 a2');
    await turns();
    expect(made).toEqual(['a1 a2', 'b1 b2', 'a3 c1']);
  });

  it('are no more over all lanes than their total, which counts calls and not messages', async () => {
    const { rig, made, end } = openBatches({ batch: { maxSize: 2 }, binding: { sideBySide: sideBySide(2, 3) } });
    const other = rig.open({ name: 'in[1]' });
    void rig.take(...keyed('a1', 'a2', 'b1', 'b2', 'c1'));
    await turns();
    void rig.sink.take(other, keyed('d1', 'd2', 'e1', 'e2'));
    await turns();
    expect(made).toEqual(['a1 a2', 'b1 b2', 'd1 d2']);
    end('b1 b2');
    await turns();
    expect([made.length, rig.counts.running]).toEqual([4, 3]);
  });

  it('with a total alone are one at a time on each lane, in its order', async () => {
    const { rig, made, end } = openBatches({
      batch: { maxSize: 2 },
      binding: { sideBySide: { perLane: 1, total: 4, keyOf: () => '' } },
    });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    expect(made).toEqual(['a1 b1']);
    end('a1 b1');
    await turns();
    expect(made).toEqual(['a1 b1', 'c1']);
  });
});

describe('batches side by side with maxWaitMs', () => {
  const options = { batch: { maxSize: 3, maxWaitMs: 1_000 }, binding: { sideBySide: sideBySide(2) } };

  it('wait for maxSize messages that no running batch holds up, or so long from the arrival of the first one', async () => {
    const { rig, made } = openBatches(options);
    void rig.take(...keyed('a1', 'b1'));
    await turns();
    expect([made, rig.sink.moving]).toEqual([[], 0]);
    void rig.take(...keyed('c1', 'd1', 'a2'));
    await turns();
    expect(made).toEqual(['a1 b1 a2']);
    rig.clock.advance(999);
    await turns();
    expect(made).toHaveLength(1);
    rig.clock.advance(1);
    await turns();
    expect(made).toEqual(['a1 b1 a2', 'c1 d1']);
    expect(rig.clock.pending()).toEqual([]);
  });

  it('have messages wait no further that waited that long behind one of their key', async () => {
    const { rig, made, end } = openBatches(options);
    void rig.take(...keyed('a1', 'a2', 'a3', 'a4'));
    await turns();
    rig.clock.advance(900);
    void rig.take(...keyed('b1'));
    await turns();
    rig.clock.advance(100);
    end('a1 a2 a3');
    await turns();
    expect(made).toEqual(['a1 a2 a3', 'a4 b1']);
  });

  it('end the wait at a pause, and begin it again at the resume', async () => {
    const { rig, made } = openBatches(options);
    void rig.take(...keyed('a1'));
    await turns();
    rig.sink.pause();
    rig.clock.advance(1_000);
    await turns();
    expect([made, rig.clock.pending()]).toEqual([[], []]);
    rig.sink.resume();
    await turns();
    expect(made).toEqual(['a1']);
  });

  it('end it where the lane is lost or stops, and handle at once what is not redelivered', async () => {
    const lost = openBatches(options);
    void lost.rig.take(...keyed('a1'));
    await turns();
    lost.rig.lane.lose();
    expect([lost.made, lost.rig.clock.pending()]).toEqual([[], []]);
    const core = openBatches({ ...options, lane: { redelivery: 'none', backpressure: false } });
    void core.rig.take(...keyed('a1', 'b1'));
    await turns();
    core.rig.sink.stopCalling();
    const drained = core.rig.sink.drained();
    await turns();
    core.end('a1 b1');
    await drained;
    expect(core.rig.lane.fates).toEqual(['a1 ack', 'b1 ack']);
  });
});

it('batches side by side with maxBytes take no more of them; a larger message is a batch of its own, in its turn', async () => {
  const { rig, made, end } = openBatches({
    batch: { maxSize: 10, maxBytes: 4 },
    binding: { sideBySide: sideBySide(2) },
  });
  void rig.take(...keyed('a1', 'b2345', 'c1', 'd1'));
  await turns();
  expect(made).toEqual(['a1', 'b2345']);
  end('a1');
  await turns();
  expect(made.at(-1)).toBe('c1 d1');
});
