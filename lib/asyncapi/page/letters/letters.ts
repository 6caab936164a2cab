import type { DeadLetter, DeadLetterPlace, MultiBroker, RedriveResult } from '../../../driver/index.js';

/** How many letters are shown of a place. */
const MOST_SHOWN = 50;
/** How long a look may take, in milliseconds: what it has found by then is shown. */
const LOOK_MS = 10_000;
/** How much of a body is shown, in bytes. */
const MOST_BYTES = 16_384;
/** The most letters of one click: it is waited for. */
const MOST_REDRIVEN = 1_000;

/** A dead letter as the page shows it. */
export interface ShownLetter {
  readonly location: string | undefined;
  readonly deliveryId: string;
  readonly from: DeadLetter['from'];
  readonly handler: string;
  readonly error: DeadLetter['error'];
  readonly attempts: number;
  /** When it was parked, in milliseconds since 1970. */
  readonly at: number;
  readonly headers: DeadLetter['headers'];
  readonly key: string | undefined;
  /** Only for an administrator; null for a message without a value. */
  readonly body?: ShownBody | null;
}

export interface ShownBody {
  readonly text: string;
  readonly encoding: 'utf8' | 'base64';
  /** Of all its bytes. */
  readonly size: number;
}

export interface ShownLetters {
  readonly letters: readonly ShownLetter[];
  /** There are more. */
  readonly more: boolean;
}

/** The letters of a place, oldest first. Takes none. @param bodies whether to show what the messages hold */
export async function lookAt(brokers: MultiBroker, from: DeadLetterPlace, bodies: boolean): Promise<ShownLetters> {
  const letters: ShownLetter[] = [];
  const signal = AbortSignal.timeout(LOOK_MS);
  for await (const letter of brokers.deadLetters(from, { limit: MOST_SHOWN + 1, signal })) {
    letters.push(shown(letter, bodies));
  }
  return { letters: letters.slice(0, MOST_SHOWN), more: letters.length > MOST_SHOWN || signal.aborted };
}

/** @param deliveryId of the only letter to redrive; undefined: all, up to 1,000 */
export function redriveOf(brokers: MultiBroker, from: DeadLetterPlace, deliveryId?: string): Promise<RedriveResult> {
  const filter = deliveryId === undefined ? {} : { filter: (one: DeadLetter) => one.deliveryId === deliveryId };
  return brokers.redrive(from, { limit: MOST_REDRIVEN, ...filter });
}

function shown({ body, ...letter }: DeadLetter, bodies: boolean): ShownLetter {
  const { location, deliveryId, from, handler, error, attempts, at, headers, key } = letter;
  const seen = { location, deliveryId, from, handler, error, attempts, at: at.getTime(), headers, key };
  return bodies ? { ...seen, body: body && shownBody(body) } : seen;
}

function shownBody(body: Uint8Array): ShownBody {
  const part = body.subarray(0, MOST_BYTES);
  const size = body.length;
  try {
    // A character may be cut in two at the end of the part.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(part, { stream: size > part.length });
    return { text, encoding: 'utf8', size };
  } catch {
    return { text: Buffer.from(part).toString('base64'), encoding: 'base64', size };
  }
}
