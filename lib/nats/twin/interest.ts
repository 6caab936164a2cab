import { IN_ORDER, type Random, reaches, Rotation, type Stored } from '../../twin/index.js';
import { subjectMatches } from '../subject-match.js';

/** A core subscription as the server sees it. */
export interface Subscriber {
  readonly pattern: string;
  /** Whose it is. An inbox tells none: it gets its answer whichever way it came. */
  readonly broker?: string | undefined;
  /** Those of one group share the messages; without one each gets all. */
  readonly group: string | undefined;
  /** `id` is the message's, the same for every subscriber. */
  accept(message: Stored, id: number): void;
}

/** Who gets a message of one subject. */
interface Matches {
  readonly alone: readonly Subscriber[];
  readonly groups: readonly Group[];
}

interface Group {
  readonly rotation: Rotation<Subscriber>;
  readonly matching: ReadonlySet<Subscriber>;
}

/** Subjects may be made from data without end: what was looked up is forgotten beyond so many. */
const REMEMBERED = 1_024;

/** The core subscriptions of a server, and whose turn it is in each queue group. */
export class Interest {
  readonly #subscribers = new Set<Subscriber>();
  readonly #rotations = new Map<string, Rotation<Subscriber>>();
  readonly #known = new Map<string, Matches>();

  constructor(private readonly random: Random = IN_ORDER) {}

  /** The returned function ends the subscription. */
  add(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    if (subscriber.group !== undefined) this.#rotation(subscriber.group).join(subscriber);
    this.#known.clear();
    return () => this.#remove(subscriber);
  }

  /** Gives the message to everybody alone, and to one of each queue group. Returns how many got it. */
  route(message: Stored, id: number): number {
    const { alone, groups } = this.#matches(message.address);
    let receivers = 0;
    for (const subscriber of alone) {
      if (!reaches(message, subscriber.broker)) continue;
      subscriber.accept(message, id);
      receivers++;
    }
    for (const { rotation, matching } of groups) {
      const chosen = rotation.next((member) => matching.has(member) && reaches(message, member.broker));
      if (chosen === undefined) continue;
      chosen.accept(message, id);
      receivers++;
    }
    return receivers;
  }

  #remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (subscriber.group !== undefined) this.#rotation(subscriber.group).leave(subscriber);
    this.#known.clear();
  }

  #rotation(group: string): Rotation<Subscriber> {
    const rotation = this.#rotations.get(group) ?? new Rotation<Subscriber>(this.random);
    this.#rotations.set(group, rotation);
    return rotation;
  }

  #matches(subject: string): Matches {
    const known = this.#known.get(subject);
    if (known !== undefined) return known;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    const matches = this.#lookUp(subject);
    this.#known.set(subject, matches);
    return matches;
  }

  #lookUp(subject: string): Matches {
    const alone: Subscriber[] = [];
    const groups = new Map<string, Set<Subscriber>>();
    for (const subscriber of this.#subscribers) {
      if (!subjectMatches(subscriber.pattern, subject)) continue;
      if (subscriber.group === undefined) alone.push(subscriber);
      else groups.set(subscriber.group, (groups.get(subscriber.group) ?? new Set()).add(subscriber));
    }
    return { alone, groups: [...groups].map(([group, matching]) => ({ rotation: this.#rotation(group), matching })) };
  }
}
