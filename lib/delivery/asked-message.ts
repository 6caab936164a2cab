import { isThenable } from '../async/index.js';
import type { Incoming } from '../driver/index.js';
import { Cancellation } from './cancellation.js';
import { AttemptContext } from './delivery-context.js';
import type { Choice, LaneContext, Sharing } from './lane-context.js';
import { attemptOf } from './retry.js';

/** A message that waits, and whose filters were asked before its call. */
export interface AskedMessage {
  readonly message: Incoming;
  /** Undefined: nobody takes it. */
  readonly choice: Choice | undefined;
  /** As the filters have decoded it; undefined: they did not. */
  readonly payload: unknown;
  /** When it arrived. */
  readonly since: number;
}

/** Asks the filters of the handlers that share a source. Never throws or rejects. */
export function askFilters(
  message: Incoming,
  since: number,
  on: LaneContext,
  shared: Sharing,
): AskedMessage | Promise<AskedMessage> {
  const { binding, host } = on;
  const { broker, application, observers } = host;
  const owner = { binding, broker, application, observers, incoming: message };
  const cancellation = new Cancellation();
  const context = new AttemptContext(
    { ...owner, cancellation, settledManually: never },
    attemptOf(message, binding, 1),
  );
  const chosen = (choice: Choice | undefined): AskedMessage => {
    return { message, since, choice, payload: context.message.payload };
  };
  const choice = shared.choose(context);
  return isThenable(choice) ? choice.then(chosen) : chosen(choice);
}

/** A filter has the message alone, and no context to settle it by. */
function never(): boolean {
  return false;
}
