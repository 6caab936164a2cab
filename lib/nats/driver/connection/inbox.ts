import type { Msg, Subscription } from 'nats';

import type { NatsClient } from '../../load-client.js';
import type { Connection } from './connection.js';

/** Receives the replies to one group of messages; `index` is the message's place in the group. */
export interface ReplyGroup {
  answered(index: number, message: Msg): void;
  /** This client has no permission to subscribe to its inbox: no reply will arrive. */
  denied(): void;
}

/**
 * One subscription for all replies: nats.js makes a timer, an id and two Errors for each request. A reply finds its
 * group by its subject, `inbox.group.index`.
 */
export class Inbox {
  private readonly prefix: string;
  private readonly groups = new Map<string, ReplyGroup>();
  private subscription: Subscription | undefined;
  private made = 0;

  constructor(
    private readonly connection: Connection,
    client: NatsClient,
    inboxPrefix: string | undefined,
  ) {
    this.prefix = `${client.createInbox(inboxPrefix)}.`;
  }

  /** Returns the prefix of the group's reply subjects, to which `index` is added, and a function that ends the group. */
  expect(group: ReplyGroup): { readonly prefix: string; readonly end: () => void } {
    this.subscription ??= this.connection.nc.subscribe(`${this.prefix}>`, {
      callback: (error, message) => {
        if (error === null) this.read(message);
        else this.deaf();
      },
    });
    const name = (++this.made).toString(36);
    this.groups.set(name, group);
    return { prefix: `${this.prefix}${name}.`, end: () => this.groups.delete(name) };
  }

  private read(message: Msg): void {
    const { subject } = message;
    const dot = subject.indexOf('.', this.prefix.length);
    const group = this.groups.get(subject.slice(this.prefix.length, dot));
    group?.answered(Number(subject.slice(dot + 1)), message);
  }

  /** nats.js has closed the subscription; the next group subscribes again. */
  private deaf(): void {
    this.subscription = undefined;
    const groups = [...this.groups.values()];
    this.groups.clear();
    for (const group of groups) group.denied();
  }
}
