import type { PlannedMessage, PlannedStep } from './plan.js';
import type { GroupName, Scenario } from './scenario.js';

/** What a plan promises of one group. */
export interface GroupExpectation {
  /** Messages that it must get. */
  readonly messages: ReadonlySet<string>;
  /** Those that nobody disturbs: from a rest of the group to the next one its members stay the same. */
  readonly calm: ReadonlySet<string>;
  /** Of {@link calm}, those that only one member can get. */
  readonly alone: ReadonlySet<string>;
}

/** Walks through a plan and tells what each group must get, and of which messages more can be said. */
export function expectationsOf(
  { lateGroup }: Scenario,
  plan: readonly PlannedStep[],
): Map<GroupName, GroupExpectation> {
  const groups = [...new Set(plan.flatMap((step) => ('group' in step ? [step.group] : [])))].sort();
  return new Map(groups.map((group) => [group, expectationOf(group, group === 'g1' && lateGroup, plan)]));
}

function expectationOf(group: GroupName, late: boolean, plan: readonly PlannedStep[]): GroupExpectation {
  const walk = new Walk(late);
  for (const step of plan) {
    if (step.do === 'publish' && isTaken(step.message)) walk.published(step.message.id);
    else if (step.do === 'quiet') walk.rested();
    else if ('group' in step && step.group === group) walk.changed(step.do === 'join' ? 1 : -1);
  }
  return walk;
}

/** Whether the server keeps it. */
export function isTaken({ way }: PlannedMessage): boolean {
  return way === 'plain';
}

class Walk implements GroupExpectation {
  readonly messages = new Set<string>();
  readonly calm = new Set<string>();
  readonly alone = new Set<string>();
  #members = 0;
  #begun: boolean;
  /** Since the last change of members everything has been settled. */
  #rest = false;
  #sinceRest: string[] = [];

  constructor(late: boolean) {
    this.#begun = !late;
  }

  published(id: string): void {
    if (!this.#begun) return;
    this.messages.add(id);
    if (this.#rest) this.#sinceRest.push(id);
  }

  changed(by: number): void {
    this.#begun = true;
    this.#members += by;
    this.#rest = false;
    this.#sinceRest = [];
  }

  rested(): void {
    for (const id of this.#sinceRest) {
      this.calm.add(id);
      if (this.#members === 1) this.alone.add(id);
    }
    this.#sinceRest = [];
    this.#rest = this.#members > 0;
  }
}
