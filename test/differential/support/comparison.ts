import { type Case, attempts, callsIn, firstOrder } from './laws.js';

/**
 * What twin and server must have in common. Not: how groups and members interleave, which member got what, sizes of
 * batches, times, and how often a message came after a change of members.
 */
export const aspects: Readonly<Record<string, (one: Case) => unknown>> = {
  'set of messages a group got': (one) =>
    perGroup(one, (group) => [...new Set(callsIn(one, group).map(({ id }) => id))].sort()),

  'first deliveries by key': (one) =>
    perGroup(one, (group) => [firstOrder(one, group, 'a'), firstOrder(one, group, 'b')]),

  'calls and attempts of what nobody disturbed': (one) =>
    perGroup(one, (group) =>
      [...(one.groups.get(group)?.calm ?? [])].map((id) => {
        const calls = callsIn(one, group).filter((call) => call.id === id);
        return `${id}: ${calls.map(({ action }) => action).join(' ')} (attempts ${attempts(calls)})`;
      }),
    ),

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
