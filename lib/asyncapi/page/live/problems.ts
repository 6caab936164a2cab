import type { HeldMessage } from './calls.js';
import type { LiveBroker, LiveHandler, Problem } from './snapshot.js';

/** A call that takes longer while messages wait behind it is worth a word, in milliseconds. */
const SLOW_MS = 5_000;

const ORDER: readonly Problem['level'][] = ['stuck', 'failing', 'note'];

/**
 * What is wrong, in plain words and the worst first. A sentence of health that names a handler is the handler's; one
 * about a message whose wait is told already is left out.
 */
export function problemsOf(
  brokers: readonly LiveBroker[],
  handlers: readonly LiveHandler[],
  now: number,
): readonly Problem[] {
  const found = [
    ...brokers.filter(({ status }) => status === 'down').map(downProblem),
    ...handlers.flatMap((handler) => ofHandler(handler, brokerOf(brokers, handler), now)),
    ...brokers.flatMap((broker) => ofNobody(broker, handlers)),
  ];
  return found.sort((one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level));
}

const brokerOf = (brokers: readonly LiveBroker[], { broker }: LiveHandler): LiveBroker | undefined =>
  brokers.find(({ name }) => name === broker);

function downProblem({ name, kind, reasons }: LiveBroker): Problem {
  return { level: 'stuck', title: `Broker ${name} (${kind}) is not connected`, why: reasons, broker: name };
}

function ofHandler(handler: LiveHandler, broker: LiveBroker | undefined, now: number): readonly Problem[] {
  const { held } = handler;
  const sentences = reasonsOf(handler, broker).filter((one) => !held.some(({ position }) => one.includes(position)));
  const problems = [
    heldProblem(handler, sentences, now),
    slowProblem(handler, now),
    pausedProblem(handler),
    lettersProblem(handler),
  ];
  return problems.filter((one) => one !== undefined);
}

/** Sentences of health that name the handler. */
function reasonsOf({ handler }: LiveHandler, broker: LiveBroker | undefined): readonly string[] {
  if (broker === undefined || broker.status === 'down') return [];
  return broker.reasons.filter((reason) => names(reason, handler));
}

/** `Orders.book` is not named by a sentence about `Orders.bookAll` or `Old.Orders.book`. */
function names(sentence: string, handler: string): boolean {
  const at = sentence.indexOf(handler);
  if (at < 0) return false;
  return !/[\w$.]$/.test(sentence.slice(0, at)) && !/^[\w$]/.test(sentence.slice(at + handler.length));
}

function heldProblem(handler: LiveHandler, sentences: readonly string[], now: number): Problem | undefined {
  const { held, behind, broker, id } = handler;
  const first = held.find(({ holdsOthers }) => holdsOthers) ?? held[0];
  if (first === undefined && sentences.length === 0) return undefined;
  const isStuck = first === undefined ? true : first.holdsOthers;
  const waits = isStuck && behind > 0 ? [`${messages(behind)} ${behind === 1 ? 'waits' : 'wait'} behind it.`] : [];
  const told = first === undefined ? [] : whyHeld(first, held.length, now);
  const title = isStuck ? `${handler.handler} is stuck` : `${handler.handler} is failing`;
  return { level: isStuck ? 'stuck' : 'failing', title, why: [...told, ...sentences, ...waits], broker, handler: id };
}

function whyHeld({ message, attempt, error, nextAt, since }: HeldMessage, all: number, now: number): string[] {
  const next = nextAt <= now ? 'It is being tried again now.' : `The next call is in ${duration(nextAt - now)}.`;
  const rest = all - 1;
  const others =
    rest === 1 ? '1 more message has failed and waits' : `${String(rest)} more messages have failed and wait`;
  return [
    `Message ${message} has failed ${times(attempt)}: ${error}`,
    `It has waited for ${duration(now - since)}. ${next}`,
    ...(rest > 0 ? [`${others} for a further call.`] : []),
  ];
}

function slowProblem({ handler, longest, behind, broker, id }: LiveHandler, now: number): Problem | undefined {
  if (longest === undefined || behind === 0 || now - longest.since < SLOW_MS) return undefined;
  const why = [
    `The call for message ${longest.message} has not returned for ${duration(now - longest.since)}.`,
    `${messages(behind)} ${behind === 1 ? 'waits' : 'wait'} behind it.`,
  ];
  return { level: 'stuck', title: `${handler} hangs in a call`, why, broker, handler: id };
}

function pausedProblem({ handler, state, broker, id }: LiveHandler): Problem | undefined {
  if (state !== 'paused') return undefined;
  return { level: 'note', title: `${handler} is paused`, why: ['By its code, until resume().'], broker, handler: id };
}

function lettersProblem({ handler, counts, broker, id }: LiveHandler): Problem | undefined {
  const { deadLettered } = counts;
  if (deadLettered === 0) return undefined;
  const title = `${handler} has parked ${messages(deadLettered)} as ${deadLettered === 1 ? 'a dead letter' : 'dead letters'}`;
  return {
    level: 'note',
    title,
    why: ['Since this process began. They are listed under Dead letters.'],
    broker,
    handler: id,
  };
}

/** Sentences of health that name no handler. */
function ofNobody({ name, status, reasons }: LiveBroker, handlers: readonly LiveHandler[]): readonly Problem[] {
  if (status === 'down') return [];
  const mine = handlers.filter(({ broker }) => broker === name);
  return reasons
    .filter((reason) => !mine.some(({ handler }) => names(reason, handler)))
    .map((reason) => ({ level: 'failing', title: `Broker ${name} is degraded`, why: [reason], broker: name }));
}

const messages = (count: number): string => `${String(count)} ${count === 1 ? 'message' : 'messages'}`;
const times = (count: number): string => (count === 1 ? 'once' : `${String(count)} times`);

/** A duration as people say it: `340 ms`, `12 s`, `3 min`, `2 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${String(Math.max(0, Math.round(ms)))} ms`;
  if (ms < 120_000) return `${String(Math.round(ms / 1_000))} s`;
  if (ms < 7_200_000) return `${String(Math.round(ms / 60_000))} min`;
  return `${String(Math.round(ms / 3_600_000))} h`;
}
