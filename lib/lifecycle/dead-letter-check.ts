import type { Binding, DeadLetterTarget, Outlet } from '../delivery/index.js';
import type { BrokerDefinition, DestinationSpec } from '../driver/index.js';
import { errorFrom, errorOf } from '../errors/index.js';
import { loopProblem } from '../handlers/index.js';

type Outlets = (broker: string) => Outlet | undefined;

/** Checks the dead letter of a `broker.subscribe()`, as the wiring check does for decorated handlers. */
export function refuseBadDeadLetter(binding: Binding, definition: BrokerDefinition, outlet: Outlets): void {
  const { deadLetter, handler, source } = binding;
  if (deadLetter === undefined) return;
  const { broker, destination } = deadLetter;
  const target = outlet(broker);
  if (target === undefined) throw errorOf('MULTI_BROKER_UNKNOWN_BROKER.deadLetter', { handler, broker });
  const to = target.resolve(destination);
  const problem = broker === definition.name ? loopProblem(definition, to, source) : undefined;
  if (problem !== undefined) throw errorFrom(problem, { broker, handler });
}

/** A warning for letters that nobody keeps; undefined if they are stored. */
export function lostLetters({ deadLetter, handler }: Binding, outlet: Outlets): string | undefined {
  const to = deadLetter && outlet(deadLetter.broker)?.resolve(deadLetter.destination);
  if (deadLetter === undefined || to?.stored !== false) return undefined;
  return `Dead letters of ${handler} go to ${shown(to.name, deadLetter)} on broker '${deadLetter.broker}', which stores none: only who listens at that moment gets them. Use toStream() for a stream.`;
}

/** Where a binding parks messages, for the log line of its subscription. */
export function parkingPlace({ deadLetter }: Binding, outlet: Outlets): string {
  if (deadLetter === undefined) return '';
  const { broker, destination } = deadLetter;
  const to: DestinationSpec | undefined = outlet(broker)?.resolve(destination);
  return `, dead letters → ${broker}/${to === undefined ? 'a broker to come' : shown(to.address, deadLetter)}`;
}

/** `{source}` as it was written, where it is filled in for each message. */
function shown(text: string, { ofEach }: DeadLetterTarget): string {
  return ofEach === undefined ? text : text.replace(ofEach.example, '{source}');
}
