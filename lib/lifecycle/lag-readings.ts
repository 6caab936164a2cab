import { type Clock, Deadline, untilAborted } from '../async/index.js';
import type { HandlerHandle } from '../driver/index.js';
import { asError, errorOf } from '../errors/index.js';
import type { Binding } from '../delivery/index.js';
import type { ActiveSource } from './active-source.js';

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

/** How long a server may take to say how much waits, in milliseconds: a probe or a scrape waits for it. */
const ANSWER_MS = 5_000;

/** @throws MultiBrokerError MULTI_BROKER_LAG_UNKNOWN where the server does not answer in time */
export async function lagOf(active: ActiveSource, binding: Binding, clock: Clock): Promise<number | undefined> {
  const late = (): Error => new Error(`no answer within ${String(ANSWER_MS)} ms`);
  const deadline = new Deadline(clock, ANSWER_MS, late, 'lag');
  try {
    return await untilAborted(active.lag(binding, deadline.signal), deadline.signal);
  } catch (thrown) {
    const { handler, broker, source } = binding;
    const cause = asError(thrown);
    const params = { source: source.name, broker, handler, reason: cause.message };
    throw errorOf('MULTI_BROKER_LAG_UNKNOWN', params, { cause });
  } finally {
    deadline.clear();
  }
}
