import type { Action, Scenario } from './scenario.js';

/** Calls of the handler before its `ack` policy decides. */
export const ATTEMPTS = 2;

export type End = 'acked' | 'rejected';

/** What is left of a message's script in one group. */
export class ScriptRun {
  readonly actions: Action[] = [];
  end: End | undefined;
  #callsOfRound = 0;

  constructor(
    private readonly script: readonly Action[],
    private readonly ack: Scenario['ack'],
  ) {}

  /** What the next call does. */
  next(): Action {
    const action = this.script[this.actions.length] ?? 'ok';
    this.actions.push(action);
    if (action === 'nack') this.#callsOfRound = 0;
    else if (action === 'fail') this.#fail();
    else this.end ??= action === 'ok' ? 'acked' : 'rejected';
    return action;
  }

  #fail(): void {
    if (++this.#callsOfRound < ATTEMPTS) return;
    this.#callsOfRound = 0;
    if (this.ack === 'reject-on-error') this.end ??= 'rejected';
  }
}

/** The calls that a script comes to where nobody disturbs it. */
export function callsOf(script: readonly Action[], ack: Scenario['ack']): readonly Action[] {
  const run = new ScriptRun(script, ack);
  while (run.end === undefined) run.next();
  return run.actions;
}
