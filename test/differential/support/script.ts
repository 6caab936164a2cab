import type { Action, Scenario } from './scenario.js';

/** Calls of the handler before its `ack` policy decides. */
export const ATTEMPTS = 2;

/** What decides on failures. */
type Policy = Pick<Scenario, 'ack' | 'deadLetter'>;

export type End = 'acked' | 'rejected';

/** What is left of a message's script in one group. */
export class ScriptRun {
  readonly actions: Action[] = [];
  end: End | undefined;
  #callsOfRound = 0;
  #member: number | undefined;

  constructor(
    private readonly script: readonly Action[],
    private readonly policy: Policy,
  ) {}

  /** What the next call does. Another member counts its calls in place anew. */
  next(member: number): Action {
    if (member !== this.#member) this.#callsOfRound = 0;
    this.#member = member;
    const action = this.script[this.actions.length] ?? 'ok';
    this.actions.push(action);
    return action;
  }

  /** A call has come to its end: what it did counts. */
  over(action: Action): void {
    if (action === 'nack') this.#callsOfRound = 0;
    else if (action === 'fail') this.#fail();
    else this.end ??= action === 'ok' ? 'acked' : 'rejected';
  }

  /** The next call follows in place, within the same delivery. */
  get isRetried(): boolean {
    return this.#callsOfRound > 0;
  }

  #fail(): void {
    if (++this.#callsOfRound < ATTEMPTS) return;
    this.#callsOfRound = 0;
    if (this.policy.ack === 'reject-on-error' || this.policy.deadLetter) this.end ??= 'rejected';
  }
}

/** The calls that a script comes to where nobody disturbs it. */
export function callsOf(script: readonly Action[], policy: Policy): readonly Action[] {
  return runOf(script, policy).actions;
}

/** Whether it is given up in the end where nobody disturbs it: parked, where there is a dead letter. */
export function isGivenUp(script: readonly Action[], policy: Policy): boolean {
  return runOf(script, policy).end === 'rejected';
}

/** Of each of these calls but the last, whether the next one follows in place. */
export function retriesOf(script: readonly Action[], policy: Policy): readonly boolean[] {
  const retries: boolean[] = [];
  runOf(script, policy, (run) => void retries.push(run.isRetried));
  return retries.slice(0, -1);
}

function runOf(script: readonly Action[], policy: Policy, after: (run: ScriptRun) => void = () => {}): ScriptRun {
  const run = new ScriptRun(script, policy);
  while (run.end === undefined) {
    run.over(run.next(0));
    after(run);
  }
  return run;
}
