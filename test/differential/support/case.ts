import type { GroupExpectation } from './expectation.js';
import type { PlannedMessage } from './plan.js';
import type { GroupName, Scenario } from './scenario.js';
import type { Trace } from './trace.js';

/** A trace, and what the scenario says of it. */
export interface Case {
  readonly scenario: Scenario;
  readonly messages: readonly PlannedMessage[];
  readonly groups: ReadonlyMap<GroupName, GroupExpectation>;
  readonly trace: Trace;
}

/** What must hold of every trace, whichever world it is from. Returns what breaks it, a line each. */
export type Law = (one: Case) => readonly string[];
