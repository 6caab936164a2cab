import type { Msg, Subscription } from 'nats';

import type { NatsClient } from '../load-client.js';
import type { Connection } from './connection.js';

/** Gets the answers of one group; `index` is the message's within it. */
export interface ReplyGroup {
  answered(index: number, message: Msg): void;
  /** The server does not let this client read its inbox: no answer will come. */
  deaf(): void;
}

/**
 * One subscription for all answers: nats.js makes a timer, an id and two Errors for each request. Answers find their
 * group by the subject `inbox.group.index`.
 */
export class Replies {
  private readonly inbox: string;
  private readonly groups = new Map<string, ReplyGroup>();
  private subscription: Subscription | undefined;
  private made = 0;

  constructor(
    private readonly connection: Connection,
    client: NatsClient,
    inboxPrefix: string | undefined,
  ) {
    this.inbox = `${client.createInbox(inboxPrefix)}.`;
  }

  /** Returns the group's subject, to which `index` is added, and what ends it. */
  expect(group: ReplyGroup): { readonly prefix: string; readonly end: () => void } {
    this.subscription ??= this.connection.nc.subscribe(`${this.inbox}>`, {
      callback: (error, message) => {
        if (error === null) this.read(message);
        else this.deaf();
      },
    });
    const name = (++this.made).toString(36);
    this.groups.set(name, group);
    return { prefix: `${this.inbox}${name}.`, end: () => this.groups.delete(name) };
  }

  private read(message: Msg): void {
    const { subject } = message;
    const dot = subject.indexOf('.', this.inbox.length);
    const group = this.groups.get(subject.slice(this.inbox.length, dot));
    group?.answered(Number(subject.slice(dot + 1)), message);
  }

  /** nats.js has closed the subscription; the next group tries again. */
  private deaf(): void {
    this.subscription = undefined;
    const groups = [...this.groups.values()];
    this.groups.clear();
    for (const group of groups) group.deaf();
  }
}
