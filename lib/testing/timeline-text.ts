import type { Timeline, TimelineDelivery, TimelineMessage } from './timeline.js';

/** No payload takes more room. */
const LONGEST_PAYLOAD = 60;

/** The tree as text. */
export function rendered({ messages, others, leftOut, seed }: Timeline, mostLines: number): string {
  const lines = [...messages.flatMap(messageLines), ...others.flatMap(otherLines)];
  const head = seed === undefined ? [] : [`Seed ${String(seed)}`];
  const later = leftOut === 0 ? [] : [`… ${String(leftOut)} later messages and deliveries …`];
  const told = lines.length === 0 ? ['(nothing was published or delivered)'] : shortened(lines, mostLines);
  return [...head, ...told, ...later].join('\n');
}

function messageLines(message: TimelineMessage): string[] {
  return [messageLine(message), ...branches(message.deliveries.map(deliveryLines))];
}

function deliveryLines(delivery: TimelineDelivery): string[] {
  return [deliveryLine(delivery), ...branches(delivery.published.map(messageLines))];
}

/** The message of such a delivery has no line of its own. */
function otherLines(delivery: TimelineDelivery): string[] {
  const { broker, destination, payload } = delivery;
  return [`'${broker}' had ${destination} ${shown(payload)}`, ...branches([deliveryLines(delivery)])];
}

function branches(trees: readonly string[][]): string[] {
  return trees.flatMap((lines, place) => {
    const last = place === trees.length - 1;
    return lines.map((line, at) => `${at === 0 ? (last ? '└─ ' : '├─ ') : last ? '   ' : '│  '}${line}`);
  });
}

function messageLine(message: TimelineMessage): string {
  const { broker, destination, payload, confirmed, error } = message;
  const failure = confirmed ? '' : `: not confirmed${error === undefined ? '' : ` (${firstLine(error)})`}`;
  return `'${broker}' ← ${destination} ${shown(payload)}${failure}${confirmed ? readers(message) : ''}`;
}

function readers({ answer, deliveries }: TimelineMessage): string {
  if (answer === true) return ' (the answer)';
  return deliveries.length === 0 ? ' (delivered to nobody)' : '';
}

function deliveryLine({ broker, handler, outcome, attempt, attempts, carried, error }: TimelineDelivery): string {
  const calls = attempt > 1 ? ` at attempt ${String(attempt)}` : '';
  const why = error === undefined ? '' : `: ${firstLine(error)}`;
  const inMs = outcome === 'nacked' ? attempts.at(-1)?.nextInMs : undefined;
  const again = inMs === undefined ? '' : `, comes again in ${String(inMs)} ms`;
  return `${handler} on '${broker}'${carried ? ' (carried)' : ''} ${outcome}${calls}${again}${why}`;
}

function firstLine({ name, message }: Error): string {
  return `${name}: ${message.split('\n', 1)[0] ?? ''}`;
}

function shown(payload: unknown): string {
  if (payload instanceof Uint8Array) return `<${String(payload.byteLength)} bytes>`;
  const text = payload === undefined ? '<undecoded>' : json(payload);
  return text.length > LONGEST_PAYLOAD ? `${text.slice(0, LONGEST_PAYLOAD)}…` : text;
}

function json(payload: unknown): string {
  try {
    // Of a function, say, there is none.
    const text: unknown = JSON.stringify(payload);
    return typeof text === 'string' ? text : `<${typeof payload}>`;
  } catch {
    return `<${typeof payload}>`;
  }
}

function shortened(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const first = Math.floor(most / 3);
  const left = lines.length - most;
  return [...lines.slice(0, first), `… ${String(left)} more lines …`, ...lines.slice(first + left)];
}
