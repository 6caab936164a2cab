import type { Case, Law } from './case.js';
import type { GroupName, Scenario } from './scenario.js';
import { retriesOf } from './script.js';
import type { CallTrace } from './trace.js';

/** What must hold of calls side by side; without `concurrency`, of calls one after another. */
export const atOnceLaws: Readonly<Record<string, Law>> = {
  'a lane has no more calls at once than it may': ({ scenario, trace }) =>
    trace.calls.flatMap(({ group, id, beside }) =>
      beside.length < scenario.concurrency ? [] : [`${group}: ${id} began beside ${namesOf(beside)}`],
    ),

  'one message of a key at a time': ({ scenario, trace }) =>
    trace.calls.flatMap((call) => {
      const others = call.beside.filter((other) => isOfOneOrder(scenario.concurrency, call, other));
      return others.length === 0 ? [] : [`${call.group}: ${call.id} began beside ${namesOf(others)}`];
    }),

  'what fails holds those behind it in its order': (one) =>
    [...one.groups].flatMap(([group, { calm }]) => [...calm].flatMap((id) => intruders(one, group, id))),
};

const namesOf = (calls: readonly { readonly id: string }[]): string => calls.map(({ id }) => id).join(' ');

type Keyed = Pick<CallTrace, 'key'>;

/** Of one lane: by key, and without `concurrency` all of them. */
function isOfOneOrder(concurrency: number, one: Keyed, other: Keyed): boolean {
  return concurrency === 1 || (one.key !== undefined && one.key === other.key);
}

/** Calls of its order that began between two of a message, of which the first one held them back. */
function intruders({ scenario, messages, trace }: Case, group: GroupName, id: string): readonly string[] {
  const { script = [] } = messages.find((message) => message.id === id) ?? {};
  const own = trace.calls.filter((call) => call.group === group && call.id === id);
  const held = retriesOf(script, scenario).map((inPlace) => inPlace || isHeld(scenario, own[0]?.key));
  return own.slice(1).flatMap((call, index) => {
    const before = callBefore(call, scenario.concurrency, trace.calls);
    return held[index] !== true || before?.id === id
      ? []
      : [`${group}: ${before?.id ?? 'nothing'} began between calls of ${id}`];
  });
}

/** Whether what fails stays where it is: JetStream's comes again, unless it has to keep the order of its key. */
export function isHeld({ kind, concurrency }: Scenario, key: string | undefined): boolean {
  return kind === 'kafka' || (concurrency > 1 && key !== undefined);
}

/** The one before it in its order, of its lane. */
function callBefore(call: CallTrace, concurrency: number, calls: readonly CallTrace[]): CallTrace | undefined {
  const earlier = calls.slice(0, calls.indexOf(call));
  return earlier.findLast(
    (other) =>
      other.member === call.member &&
      other.partition === call.partition &&
      (other.id === call.id || isOfOneOrder(concurrency, call, other)),
  );
}
