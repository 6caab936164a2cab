import { type Clock, Deadline, untilAborted } from '../async/index.js';
import type { Binding } from '../delivery/index.js';
import { asError, errorOf } from '../errors/index.js';
import type { ActiveSource } from './active-source.js';

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
