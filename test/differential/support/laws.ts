import { partitionOfKey } from '../../../lib/kafka/partitioner.js';
import { PARTITIONS } from './kafka-world.js';
import { type GroupName, keys } from './scenario.js';
import { callsOf, isGivenUp } from './script.js';
import { atOnceLaws } from './at-once-laws.js';
import type { Case, Law } from './case.js';
import type { CallTrace, WrittenTrace } from './trace.js';

/** By name, which is the promise. */
export const laws: Readonly<Record<string, Law>> = {
  'what comes was published': ({ trace }) => {
    const taken = new Set(trace.publishes.flatMap(({ id, error, duplicate }) => (error || duplicate ? [] : [id])));
    return trace.calls.flatMap(({ id, group }) => (taken.has(id) ? [] : [`${group} got ${id}`]));
  },

  'what comes is as it was published': ({ trace, messages }) =>
    trace.calls.flatMap(({ id, payload, key }) => {
      const sent = messages.find((message) => message.id === id);
      if (sent === undefined) return [];
      const wanted = sent.empty ? null : `text of ${id}`;
      return payload === wanted && key === sent.key ? [] : [`${id} came as ${JSON.stringify({ payload, key })}`];
    }),

  'every group gets every message that is its': (one) =>
    [...one.groups].flatMap(([group, { messages }]) => {
      const got = new Set(callsIn(one, group).map(({ id }) => id));
      return [...messages].flatMap((id) => (got.has(id) ? [] : [`${group} never got ${id}`]));
    }),

  'a group gets nothing from before its start': (one) =>
    [...one.groups].flatMap(([group, { messages }]) => {
      const others = one.messages.filter(({ id }) => !messages.has(id)).map(({ id }) => id);
      return callsIn(one, group).flatMap(({ id }) => (others.includes(id) ? [`${group} got ${id}`] : []));
    }),

  'first deliveries keep the order of a key': (one) =>
    [...one.groups.keys()].flatMap((group) =>
      keys.flatMap((key) => {
        const order = firstOrder(one, group, key);
        const sorted = one.messages.map(({ id }) => id).filter((id) => order.includes(id));
        return order.join() === sorted.join() ? [] : [`${group} got key ${key} as ${order.join(' ')}`];
      }),
    ),

  'what nobody disturbs is called as its script says': (one) =>
    [...one.groups].flatMap(([group, { calm }]) =>
      [...calm].flatMap((id) => {
        const { script = [] } = one.messages.find((message) => message.id === id) ?? {};
        const wanted = callsOf(script, one.scenario).join(' ');
        const calls = callsIn(one, group).filter((call) => call.id === id);
        const found = calls.map(({ action }) => action).join(' ');
        const rising = calls.every(({ attempt }, index) => index === 0 || attempt > calls[index - 1]!.attempt);
        return found === wanted && rising ? [] : [`${group}: ${id} was called ${found}, attempts ${attempts(calls)}`];
      }),
    ),

  'what is given up is parked, and nothing else': (one) => {
    const { trace, messages, scenario } = one;
    const isParked = (id: string): boolean => {
      const { script = [] } = messages.find((message) => message.id === id) ?? {};
      return scenario.deadLetter && isGivenUp(script, scenario);
    };
    const wrong = trace.letters.flatMap(({ group, id }) => (isParked(id) ? [] : [`${group} parked ${id}`]));
    return [...wrong, ...countsOf(one, 'letters', (id) => (isParked(id) ? 1 : 0))];
  },

  'what is handled is published, and nothing else': (one) =>
    countsOf(one, 'results', (id) => {
      const { script = [] } = one.messages.find((message) => message.id === id) ?? {};
      return isGivenUp(script, one.scenario) ? 0 : 1;
    }),

  'what is parked or published is as it came': ({ trace, messages }) =>
    [...trace.letters, ...trace.results].flatMap(({ id, payload, key }) => {
      const sent = messages.find((message) => message.id === id);
      const wanted = sent?.empty === true ? null : `text of ${id}`;
      return payload === wanted && key === sent?.key ? [] : [`${id} went as ${JSON.stringify({ payload, key })}`];
    }),

  ...atOnceLaws,

  'all is settled once quiet': ({ trace }) =>
    trace.quiets.flatMap(({ number, missing, progress }) => [
      ...missing.map((name) => `quiet ${number}: ${name} is not settled`),
      ...Object.entries(progress).flatMap(([group, { behind, open }]) =>
        open === 0 && behind.every((count) => count === 0)
          ? []
          : [`quiet ${number}: ${group} is behind by ${behind.join(', ')}, ${open} open`],
      ),
    ]),

  'a key has its partition': ({ scenario, trace, messages }) => {
    if (scenario.kind !== 'kafka') return [];
    const keys = new Map(messages.map(({ id, key }) => [id, key]));
    return [...trace.publishes, ...trace.calls].flatMap(({ id, partition }) => {
      const key = keys.get(id);
      if (key === undefined || partition === undefined || partition === partitionOfKey(key, PARTITIONS)) return [];
      return [`${id} of key ${key} is in partition ${partition}`];
    });
  },

  'a second message of a dedupe id is told as a duplicate, and no other': ({ trace, messages }) =>
    trace.publishes.flatMap(({ id, duplicate }) => {
      const repeats = messages.some((message) => message.id === id && message.way === 'repeat');
      return duplicate === repeats ? [] : [`${id} is ${duplicate ? 'a' : 'no'} duplicate`];
    }),

  'what cannot be taken is refused, and nothing else': ({ trace, messages }) =>
    trace.publishes.flatMap(({ id, error }) => {
      const { way = 'plain' } = messages.find((message) => message.id === id) ?? {};
      const refused = way !== 'plain' && way !== 'repeat';
      return refused === (error !== undefined) ? [] : [`${id} (${way}): ${error ?? 'taken'}`];
    }),
};

export function callsIn({ trace }: Case, group: GroupName): readonly CallTrace[] {
  return trace.calls.filter((call) => call.group === group);
}

/** What a group has parked, or published. */
export function writtenBy({ trace }: Case, group: GroupName, what: 'letters' | 'results'): readonly WrittenTrace[] {
  return trace[what].filter((written) => written.group === group);
}

/** Of messages that nobody disturbs, how many there are of each. */
function countsOf(one: Case, what: 'letters' | 'results', wanted: (id: string) => number): readonly string[] {
  return [...one.groups].flatMap(([group, { calm }]) =>
    [...calm].flatMap((id) => {
      const { length } = writtenBy(one, group, what).filter((written) => written.id === id);
      return length === wanted(id) ? [] : [`${group}: ${id} has ${length} ${what}`];
    }),
  );
}

export const attempts = (calls: readonly CallTrace[]): string => calls.map(({ attempt }) => attempt).join(' ');

/**
 * In which order messages of a key came first. Members of a durable consumer work beside each other, and what one
 * gives back comes later than what another has: there only what is undisturbed and one member's is looked at.
 */
export function firstOrder(one: Case, group: GroupName, key: string): readonly string[] {
  const alone = one.groups.get(group)?.alone;
  const counts = (id: string): boolean => one.scenario.kind === 'kafka' || alone?.has(id) === true;
  const ofKey = callsIn(one, group).filter((call) => call.key === key && counts(call.id));
  return [...new Set(ofKey.map(({ id }) => id))].filter((id) => id.startsWith('m'));
}
