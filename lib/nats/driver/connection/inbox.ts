import { NumberMap } from '../../../async/index.js';
import type { ClientMessage, ClientSubscription, NatsClient } from './client-port.js';
import type { Connection } from './connection.js';
import { subjectBytes } from './message-parts.js';

const [DOT, ZERO] = [46, 48];
const RADIX = 36;
/** More than any group has messages. */
const MOST_DIGITS = 9;

/** Receives the replies to one group of messages; `index` is the message's place in the group. */
export interface ReplyGroup {
  answered(index: number, message: ClientMessage): void;
  /** This client has no permission to subscribe to its inbox: no reply will arrive. */
  denied(): void;
}

/**
 * One subscription for all replies: nats.js makes a timer, an id and two Errors for each request. A reply finds its
 * group by its subject, `inbox.group.index`.
 */
export class Inbox {
  private readonly prefix: string;
  /** By the number that their names tell. Each holds its messages: see {@link NumberMap}. */
  private readonly groups = new NumberMap<ReplyGroup>();
  private subscription: ClientSubscription | undefined;
  private made = 0;
  /** Of the reply before: most are of one group, and in its order. */
  private lastName = '';
  private lastGroup: ReplyGroup | undefined;

  constructor(
    private readonly connection: Connection,
    client: NatsClient,
    inboxPrefix: string | undefined,
  ) {
    this.prefix = `${client.createInbox(inboxPrefix)}.`;
  }

  /** Returns the prefix of the group's reply subjects, to which `index` is added, and a function that ends the group. */
  expect(group: ReplyGroup): { readonly prefix: string; readonly end: () => void } {
    this.subscription ??= this.connection.nc.subscribe(`${this.prefix}>`, { callback: this.read });
    const number = ++this.made;
    const name = number.toString(RADIX);
    this.groups.set(number, group);
    return { prefix: `${this.prefix}${name}.`, end: () => this.end(number, name) };
  }

  private end(number: number, name: string): void {
    this.groups.delete(number);
    if (this.lastName === name) this.forgetLast();
  }

  private forgetLast(): void {
    this.lastName = '';
    this.lastGroup = undefined;
  }

  /** By bytes where the group is that of the reply before, as text and its parts cost several times as much. */
  private readonly read = (error: Error | null, message: ClientMessage): void => {
    if (error !== null) {
      this.deaf();
      return;
    }
    const index = this.indexInLast(subjectBytes(message));
    if (index >= 0) this.lastGroup?.answered(index, message);
    else this.readText(message);
  };

  private readText(message: ClientMessage): void {
    const { subject } = message;
    const dot = subject.indexOf('.', this.prefix.length);
    const name = subject.slice(this.prefix.length, dot);
    const number = parseInt(name, RADIX);
    const group = this.groups.get(number);
    // Any client may publish to the inbox, also in the name of a group to come, or in one that only begins as a group's.
    if (group === undefined || number.toString(RADIX) !== name) return;
    this.lastName = name;
    this.lastGroup = group;
    group.answered(Number(subject.slice(dot + 1)), message);
  }

  /** -1 where it is another group's, or not of the form of this inbox. */
  private indexInLast(subject: Uint8Array | undefined): number {
    const { lastName } = this;
    let at = this.prefix.length;
    if (subject === undefined || lastName === '' || subject.length <= at + lastName.length + 1) return -1;
    for (let index = 0; index < lastName.length; index++) if (subject[at++] !== lastName.charCodeAt(index)) return -1;
    if (subject[at++] !== DOT || subject.length - at > MOST_DIGITS) return -1;
    let index = 0;
    for (; at < subject.length; at++) {
      const digit = (subject[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return -1;
      index = index * 10 + digit;
    }
    return index;
  }

  /** nats.js has closed the subscription; the next group subscribes again. */
  private deaf(): void {
    this.subscription = undefined;
    const groups = this.groups.values();
    this.groups.clear();
    this.forgetLast();
    for (const group of groups) group.denied();
  }
}
