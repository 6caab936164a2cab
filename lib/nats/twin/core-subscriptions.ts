import { IN_ORDER, type Random, reaches, Rotation, type Stored } from '../../twin/index.js';
import { subjectMatches } from '../subject.js';

/** A core subscription, as the server sees it. */
export interface Subscriber {
  readonly pattern: string;
  /** Its broker. Undefined for an inbox, which gets its reply whichever path it took. */
  readonly broker?: string | undefined;
  /** Subscribers of one group share the messages; without a group a subscriber gets all of them. */
  readonly group: string | undefined;
  /** `id` is the message's number, the same for every subscriber. */
  accept(message: Stored, id: number): void;
}

/** The subscribers that match one subject. */
interface Matches {
  readonly alone: readonly Subscriber[];
  readonly groups: readonly Group[];
}

interface Group {
  readonly rotation: Rotation<Subscriber>;
  readonly matching: ReadonlySet<Subscriber>;
}

/** Subjects may be derived from data, without bound: the cache is emptied at this size. */
const MAX_CACHED = 1_024;

/** The core subscriptions of a server, and the rotation of each queue group. */
export class CoreSubscriptions {
  private readonly subscribers = new Set<Subscriber>();
  private readonly rotations = new Map<string, Rotation<Subscriber>>();
  private readonly known = new Map<string, Matches>();

  constructor(private readonly random: Random = IN_ORDER) {}

  /** The returned function ends the subscription. */
  add(subscriber: Subscriber): () => void {
    this.subscribers.add(subscriber);
    if (subscriber.group !== undefined) this.rotation(subscriber.group).join(subscriber);
    this.known.clear();
    return () => this.remove(subscriber);
  }

  /** Delivers to every subscriber without a group, and to one member of each group. Returns the number of deliveries. */
  route(message: Stored, id: number): number {
    const { alone, groups } = this.matches(message.address);
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

  private remove(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
    if (subscriber.group !== undefined) this.rotation(subscriber.group).leave(subscriber);
    this.known.clear();
  }

  private rotation(group: string): Rotation<Subscriber> {
    const rotation = this.rotations.get(group) ?? new Rotation<Subscriber>(this.random);
    this.rotations.set(group, rotation);
    return rotation;
  }

  private matches(subject: string): Matches {
    const known = this.known.get(subject);
    if (known !== undefined) return known;
    if (this.known.size >= MAX_CACHED) this.known.clear();
    const matches = this.lookUp(subject);
    this.known.set(subject, matches);
    return matches;
  }

  private lookUp(subject: string): Matches {
    const alone: Subscriber[] = [];
    const groups = new Map<string, Set<Subscriber>>();
    for (const subscriber of this.subscribers) {
      if (!subjectMatches(subscriber.pattern, subject)) continue;
      if (subscriber.group === undefined) alone.push(subscriber);
      else groups.set(subscriber.group, (groups.get(subscriber.group) ?? new Set()).add(subscriber));
    }
    return { alone, groups: [...groups].map(([group, matching]) => ({ rotation: this.rotation(group), matching })) };
  }
}
