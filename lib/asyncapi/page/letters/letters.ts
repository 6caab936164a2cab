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

/** Looks at places of dead letters. All who look at a place at once share one look: it reads from a server. */
export class Looks {
  private readonly running = new Map<string, Promise<readonly DeadLetter[]>>();

  constructor(private readonly brokers: MultiBroker) {}

  /** The letters of a place, oldest first. Takes none. @param bodies whether to show what the messages hold */
  async at(place: string, from: DeadLetterPlace, bodies: boolean): Promise<ShownLetters> {
    const look = this.running.get(place) ?? this.begin(place, from);
    const letters = await look;
    const first = letters.slice(0, MOST_SHOWN);
    return { letters: first.map((letter) => shown(letter, bodies)), more: letters.length > first.length };
  }

  private begin(place: string, from: DeadLetterPlace): Promise<readonly DeadLetter[]> {
    const look = lettersOf(this.brokers, from).finally(() => this.running.delete(place));
    this.running.set(place, look);
    return look;
  }
}

/** One more than is shown, which tells that there are more. */
async function lettersOf(brokers: MultiBroker, from: DeadLetterPlace): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  const options = { limit: MOST_SHOWN + 1, signal: AbortSignal.timeout(LOOK_MS) };
  for await (const letter of brokers.deadLetters(from, options)) letters.push(letter);
  return letters;
}

/** Tells one letter from all others: two of one failure have the same `deliveryId`. */
export type LetterId = Pick<DeadLetter, 'deliveryId' | 'location'>;

/** @param only the only letter to redrive; undefined: all, up to 1,000 */
export function redriveOf(brokers: MultiBroker, from: DeadLetterPlace, only?: LetterId): Promise<RedriveResult> {
  if (only === undefined) return brokers.redrive(from, { limit: MOST_REDRIVEN });
  const { deliveryId, location } = only;
  const filter = (one: DeadLetter): boolean => one.deliveryId === deliveryId && one.location === location;
  return brokers.redrive(from, { limit: 1, filter });
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
