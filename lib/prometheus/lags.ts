import { systemClock, type Clock, within } from '../async/index.js';
import type { HandlerHandle } from '../driver/index.js';
import type { LagReading } from '../lifecycle/index.js';
import { type HandlerLabels, handlerLabels } from './labels.js';
import type { Sample } from './state.js';

/** How long a scrape waits for servers, in milliseconds: Prometheus itself gives up after 10 s. */
const ANSWER_MS = 2_000;

/**
 * The lag of each handler that is known in time. One that is not has no sample, and the answer that comes late is for the
 * next scrape.
 */
export async function lagsOf(
  handlers: readonly HandlerHandle[],
  lags: { of(handle: HandlerHandle): Promise<LagReading> },
  clock: Clock = systemClock,
): Promise<readonly Sample<keyof HandlerLabels>[]> {
  const samples: Sample<keyof HandlerLabels>[] = [];
  const answers = handlers.map(async (handle) => {
    const { messages } = await lags.of(handle);
    if (messages !== undefined) samples.push({ labels: handlerLabels(handle), value: messages });
  });
  await within(clock, Promise.all(answers), ANSWER_MS);
  return [...samples];
}
