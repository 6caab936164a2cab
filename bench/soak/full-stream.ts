import { setTimeout as pause } from 'node:timers/promises';
import type { Stage } from './stage.js';

const BURST = 6_000;
const STEPS = 150;

/** The stream refuses what comes (`discard: 'new'`), then has room now and then, then always. */
export async function fullStream(stage: Stage): Promise<void> {
  const { servers, writers, watch } = stage;
  const ms = stage.length(60_000, 25_000);
  watch.mayStand(['full'], ms + 10_000);
  const { state } = await servers.streams.streams.info('FULL');
  let room = state.messages;
  await bound(stage, Math.max(1, room));
  writers.burst('full', BURST);
  await pause(ms);
  stage.passed = Math.max(stage.passed, await passedBy(stage));
  for (let step = 0; step < STEPS; step++) {
    await bound(stage, (room += 3));
    await pause(20);
  }
  await bound(stage, -1);
}

async function bound({ servers }: Stage, messages: number): Promise<void> {
  await servers.streams.streams.update('FULL', { max_msgs: messages });
}

/** How far beyond the first message that is not committed others have been handled. */
async function passedBy({ servers }: Stage): Promise<number> {
  const { streams } = servers.streams;
  const last = await streams.getMessage('DONE', { last_by_subj: 'soak.done.full' });
  const [offsets] = await servers.admin.fetchOffsets({ groupId: 'soak-bridge', topics: ['soak-full-in'] });
  // One partition, whose ids are its offsets.
  return last.json<{ id: number }>().id - Math.max(0, Number(offsets!.partitions[0]!.offset));
}
