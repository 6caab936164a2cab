import type { Case } from './case.js';
import { aspects } from './comparison.js';
import { expectationsOf } from './expectation.js';
import { laws } from './laws.js';
import { planOf } from './plan.js';
import type { Scenario } from './scenario.js';
import type { Trace } from './trace.js';

/** What is wrong with two traces of one scenario, a line each; nothing: both are lawful and tell the same. */
export function differences(scenario: Scenario, twin: Trace, real: Trace): readonly string[] {
  const of = caseOf(scenario);
  return [...broken('twin', of(twin)), ...broken('real', of(real)), ...apart(of(twin), of(real))];
}

function caseOf(scenario: Scenario): (trace: Trace) => Case {
  const plan = planOf(scenario);
  const messages = plan.flatMap((step) => (step.do === 'publish' ? [step.message] : []));
  const groups = expectationsOf(scenario, plan);
  return (trace) => ({ scenario, messages, groups, trace });
}

function broken(world: string, one: Case): readonly string[] {
  return Object.entries(laws).flatMap(([law, judge]) => judge(one).map((what) => `${world} breaks "${law}": ${what}`));
}

function apart(twin: Case, real: Case): readonly string[] {
  return Object.entries(aspects).flatMap(([name, look]) => {
    const [ofTwin, ofReal] = [JSON.stringify(look(twin)), JSON.stringify(look(real))];
    return ofTwin === ofReal ? [] : [`they differ in "${name}":\n    twin ${ofTwin}\n    real ${ofReal}`];
  });
}
