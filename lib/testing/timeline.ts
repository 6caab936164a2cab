import type { DeliveryRecord } from './delivery-record.js';

/** A published message with its deliveries. */
export interface TimelineMessage {
  readonly broker: string;
  /** Topic or subject. */
  readonly destination: string;
  readonly payload: unknown;
  /** `false`: the publish failed; see `error`. */
  readonly confirmed: boolean;
  readonly error?: Error;
  /** It is the answer to a request, which is not a delivery. */
  readonly answer?: true;
  readonly deliveries: readonly TimelineDelivery[];
}

/** A delivery with the messages that its handler published. */
export interface TimelineDelivery extends DeliveryRecord {
  readonly published: readonly TimelineMessage[];
}

/** Everything that happened, as a tree across all brokers: messages, their deliveries, messages published there, … */
export class Timeline {
  constructor(
    /** Messages published by the test and the application, in order. */
    readonly messages: readonly TimelineMessage[],
    /** Deliveries of messages published elsewhere, in order. */
    readonly others: readonly TimelineDelivery[],
    /** Number of later messages and deliveries left out; only in an error. */
    readonly leftOut = 0,
    /** The seed of the module, if it has one: it repeats the run. */
    readonly seed?: number,
  ) {}

  /** The tree as text; only the beginning and the end of a long one. */
  toString(mostLines = 200): string {
    return rendered(this, mostLines);
  }
}

/** Longest payload shown, in characters. */
const LONGEST_PAYLOAD = 60;

/** The tree as text. */
export function rendered({ messages, others, leftOut, seed }: Timeline, mostLines: number): string {
  const lines = [...messages.flatMap(messageLines), ...others.flatMap(otherLines)];
  const head = seed === undefined ? [] : [`Seed ${String(seed)}`];
  const later = leftOut === 0 ? [] : [`… ${String(leftOut)} later messages and deliveries …`];
  const body = lines.length === 0 ? ['(nothing was published or delivered)'] : shortened(lines, mostLines);
  return [...head, ...body, ...later].join('\n');
}

function messageLines(message: TimelineMessage): string[] {
  return [messageLine(message), ...branches(message.deliveries.map(deliveryLines))];
}

function deliveryLines(delivery: TimelineDelivery): string[] {
  return [deliveryLine(delivery), ...branches(delivery.published.map(messageLines))];
}

/** Line of a delivery whose message has no line of its own. */
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
  const size = attempts.at(-1)?.batchSize;
  const batch = size === undefined ? '' : ` in a batch of ${String(size)}`;
  const why = error === undefined ? '' : `: ${firstLine(error)}`;
  const inMs = outcome === 'nacked' ? attempts.at(-1)?.nextInMs : undefined;
  const again = inMs === undefined ? '' : `, comes again in ${String(inMs)} ms`;
  return `${handler} on '${broker}'${carried ? ' (carried)' : ''} ${outcome}${batch}${calls}${again}${why}`;
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
    // JSON.stringify() returns undefined for a function, for example.
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
