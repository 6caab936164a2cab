import { untilAborted } from '../../../async/index.js';
import { withoutCredentials } from '../../../errors/index.js';
import type { DeadLetter, DeadLetterPlace, MultiBroker, RedriveResult } from '../../../driver/index.js';

// Taken when the module loads, so that a test's fake timers keep nothing here.
const { setTimeout: startTimer } = globalThis;

/** How many letters are shown of a place. */
const MOST_SHOWN = 50;
/** How long a look may take, in milliseconds: what it has found by then is shown. */
const LOOK_MS = 10_000;
/** How long what it has found is kept for others who ask, in milliseconds. */
const KEPT_MS = 2_000;
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
  /** Only for an administrator, as the body is: it may name a person. */
  readonly key?: string | undefined;
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
  /** The look was ended before it had seen all: there may be more. */
  readonly cut: boolean;
}

interface Look {
  readonly letters: readonly DeadLetter[];
  readonly cut: boolean;
}

/** Looks at places of dead letters. All who look at a place within 2 s share one look: it reads from a server. */
export class Looks {
  private readonly known = new Map<string, Promise<Look>>();
  private readonly lookMs: number;
  private readonly keptMs: number;

  constructor(
    private readonly brokers: MultiBroker,
    { lookMs = LOOK_MS, keptMs = KEPT_MS }: { readonly lookMs?: number; readonly keptMs?: number } = {},
  ) {
    this.lookMs = lookMs;
    this.keptMs = keptMs;
  }

  /** The letters of a place, oldest first. Takes none. @param bodies whether to show what the messages hold, and their keys */
  async at(place: string, from: DeadLetterPlace, bodies: boolean): Promise<ShownLetters> {
    const look = this.known.get(place) ?? this.begin(place, from);
    const { letters, cut } = await look;
    const first = letters.slice(0, MOST_SHOWN);
    return { letters: first.map((letter) => shown(letter, bodies)), more: letters.length > first.length, cut };
  }

  /** The next look is a new one: letters were redriven. */
  forget(place: string): void {
    this.known.delete(place);
  }

  private begin(place: string, from: DeadLetterPlace): Promise<Look> {
    const look = lookAt(this.brokers, from, AbortSignal.timeout(this.lookMs));
    const forget = (): void => {
      if (this.known.get(place) === look) this.known.delete(place);
    };
    this.known.set(place, look);
    look.then(() => startTimer(forget, this.keptMs).unref(), forget);
    return look;
  }
}

/** One more than is shown, which tells that there are more. Ends with the signal, also while a broker connects. */
async function lookAt(brokers: MultiBroker, from: DeadLetterPlace, signal: AbortSignal): Promise<Look> {
  const letters: DeadLetter[] = [];
  const read = async (): Promise<void> => {
    for await (const letter of brokers.deadLetters(from, { limit: MOST_SHOWN + 1, signal })) letters.push(letter);
  };
  try {
    await untilAborted(read(), signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
  return { letters: [...letters], cut: signal.aborted };
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
  const { location, deliveryId, from, handler, attempts, at, headers } = letter;
  const error = { ...letter.error, message: withoutCredentials(letter.error.message) };
  const seen = { location, deliveryId, from, handler, error, attempts, at: at.getTime(), headers };
  return bodies ? { ...seen, key: letter.key, body: body && shownBody(body) } : seen;
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
