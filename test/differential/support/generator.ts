import fc from 'fast-check';

import { type Action, type GroupName, type Kind, keys, type Scenario, type Step, type Way } from './scenario.js';

const MOST_STEPS = 12;
/** Of so many steps one is left out. */
const LEFT_OUT = 5;
const CALLS_IN_PLACE = 2;

const group = fc.constantFrom<GroupName>('g0', 'g1');

/** A round of failures is over after two calls, and then a second of real time passes: seldom, and once a message. */
const script: fc.Arbitrary<readonly Action[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.constant<Action[]>(['nack']) },
  { weight: 2, arbitrary: fc.constant<Action[]>(['fail']) },
  { weight: 1, arbitrary: fc.constant<Action[]>(['reject']) },
  { weight: 1, arbitrary: fc.constant<Action[]>(['fail', 'nack']) },
  { weight: 1, arbitrary: fc.constant<Action[]>(['nack', 'fail', 'reject']) },
  { weight: 1, arbitrary: fc.constant(Array<Action>(CALLS_IN_PLACE).fill('fail')) },
);

const ways: Readonly<Record<Kind, fc.Arbitrary<Way>>> = {
  kafka: weighted({ plain: 20, 'too-large': 1 }),
  jetstream: weighted({ plain: 20, repeat: 4, nowhere: 1, 'bad-header': 1, 'too-large': 1 }),
};

function stepOf(kind: Kind): fc.Arbitrary<Step> {
  const publish: fc.Arbitrary<Step> = fc.record({
    do: fc.constant('publish' as const),
    key: fc.constantFrom(...keys, undefined),
    empty: fc.integer({ min: 0, max: 7 }).map((drawn) => drawn === 7),
    way: ways[kind],
    script,
    takesMs: fc.constantFrom(0, 0, 10, 40),
  });
  const membership = (what: 'join' | 'leave' | 'kill'): fc.Arbitrary<Step> =>
    fc.record({ do: fc.constant(what), group });
  return fc.oneof(
    { weight: 12, arbitrary: publish },
    { weight: 6, arbitrary: membership('join') },
    { weight: 4, arbitrary: fc.constant<Step>({ do: 'quiet' }) },
    { weight: 2, arbitrary: membership('leave') },
    // A killed consumer is missed only after its session: the dearest step on the real server.
    { weight: 2, arbitrary: membership('kill') },
  );
}

/** Scenarios of one kind; what makes no sense in them (a third member, say) is passed over when they are run. */
export function scenarios(kind: Kind): fc.Arbitrary<Scenario> {
  return fc.record({
    kind: fc.constant(kind),
    ack: fc.constantFrom('nack-on-error' as const, 'nack-on-error' as const, 'reject-on-error' as const),
    lateGroup: fc.boolean(),
    opened: fc.boolean(),
    steps: stepsOf(kind),
    deadLetter: fc.boolean(),
    concurrency: fc.constantFrom(1, 2, 4),
  });
}

/**
 * Steps that may be left out: so most scenarios are long, and shrink to few steps. Without bias, for the first scenario
 * of a seed would else be one of the smallest.
 */
function stepsOf(kind: Kind): fc.Arbitrary<readonly Step[]> {
  const step = fc.option(stepOf(kind), { nil: undefined, freq: LEFT_OUT });
  const steps = fc.noBias(fc.array(step, { minLength: MOST_STEPS, maxLength: MOST_STEPS }));
  return steps.map((some) => some.filter((one) => one !== undefined));
}

function weighted<T extends string>(weights: Readonly<Partial<Record<T, number>>>): fc.Arbitrary<T> {
  const entries = Object.entries(weights) as [T, number][];
  return fc.oneof(...entries.map(([value, weight]) => ({ weight, arbitrary: fc.constant(value) })));
}
