import type { Clock } from '../async/index.js';
import type { HandlerHandle } from '../driver/index.js';
import { asError } from '../errors/index.js';

/** How long one answer serves all who ask, in milliseconds. Not below the time limit of `lag()`: one request at a time. */
export const LAG_AGE_MS = 5_000;

/** What a server has said: `messages` as of `HandlerHandle.lag()`, or why it said nothing. */
export interface LagReading {
  readonly messages: number | undefined;
  readonly error?: Error;
}

interface Asked {
  readonly at: number;
  readonly reading: Promise<LagReading>;
}

/** The lag of each handler for probes and scrapes: however often they come, a server is asked once in 5 s. */
export class LagReadings {
  private readonly asked = new WeakMap<HandlerHandle, Asked>();

  constructor(private readonly clock: Clock) {}

  /** Never rejects. */
  of(handle: HandlerHandle): Promise<LagReading> {
    const at = this.clock.now();
    const last = this.asked.get(handle);
    if (last !== undefined && at - last.at < LAG_AGE_MS) return last.reading;
    const reading = readingOf(handle);
    this.asked.set(handle, { at, reading });
    return reading;
  }
}

async function readingOf(handle: HandlerHandle): Promise<LagReading> {
  try {
    return { messages: await handle.lag() };
  } catch (thrown) {
    return { messages: undefined, error: asError(thrown) };
  }
}
