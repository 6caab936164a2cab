import { isHeld } from './at-once-laws.js';
import type { Case } from './case.js';
import { attempts, callsIn, firstOrder, writtenBy } from './laws.js';
import { type GroupName, keys } from './scenario.js';
import { retriesOf } from './script.js';

/**
 * What twin and server must have in common. Not: how groups and members interleave, which member got what, sizes of
 * batches, times, and how often a message came after a change of members.
 */
export const aspects: Readonly<Record<string, (one: Case) => unknown>> = {
  'set of messages a group got': (one) =>
    perGroup(one, (group) => [...new Set(callsIn(one, group).map(({ id }) => id))].sort()),

  'first deliveries by key': (one) => perGroup(one, (group) => keys.map((key) => firstOrder(one, group, key))),

  'calls and attempts of what nobody disturbed': (one) =>
    perGroup(one, (group) =>
      [...(one.groups.get(group)?.calm ?? [])].map((id) => {
        const calls = callsIn(one, group).filter((call) => call.id === id);
        return `${id}: ${calls.map(({ action }) => action).join(' ')} (attempts ${attempts(calls)})`;
      }),
    ),

  'letters of what nobody disturbed': (one) =>
    perGroup(one, (group) =>
      [...(one.groups.get(group)?.calm ?? [])].map((id) => {
        return `${id}: ${String(writtenBy(one, group, 'letters').filter((letter) => letter.id === id).length)}`;
      }),
    ),

  'results of what nobody disturbed, by key': (one) =>
    perGroup(one, (group) => {
      const results = writtenBy(one, group, 'results').filter(({ id }) => isOrdered(one, group, id));
      return [...keys, undefined].map((key) => {
        const ids = results.filter((result) => result.key === key).map(({ id }) => id);
        return key === undefined ? ids.sort() : ids;
      });
    }),

  'what is settled once quiet': ({ trace }) => trace.quiets,

  'partition of a keyed message': ({ trace, messages }) => {
    const keyed = new Set(messages.flatMap(({ id, key }) => (key === undefined ? [] : [id])));
    return trace.publishes.flatMap(({ id, partition }) => (keyed.has(id) ? [[id, partition ?? null]] : []));
  },

  'payload and key': ({ trace }) =>
    [...new Set(trace.calls.map(({ id, payload, key }) => JSON.stringify([id, payload, key ?? null])))].sort(),

  duplicates: ({ trace }) => trace.publishes.flatMap(({ id, duplicate }) => (duplicate ? [id] : [])),

  'error codes': ({ trace }) => trace.publishes.flatMap(({ id, error }) => (error === undefined ? [] : [[id, error]])),
};

function perGroup<T>(one: Case, tell: (group: 'g0' | 'g1') => T): Record<string, T> {
  return Object.fromEntries([...one.groups.keys()].map((group) => [group, tell(group)]));
}

/** Whether the result of a message has its place among those of its key: what JetStream redelivers has none. */
function isOrdered({ scenario, messages, groups }: Case, group: GroupName, id: string): boolean {
  const { calm, alone } = groups.get(group) ?? {};
  if (scenario.kind === 'kafka') return calm?.has(id) === true;
  const { script = [], key } = messages.find((message) => message.id === id) ?? {};
  const stays = isHeld(scenario, key) || retriesOf(script, scenario).every((inPlace) => inPlace);
  return alone?.has(id) === true && stays;
}
