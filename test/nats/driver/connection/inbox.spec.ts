import { expect, it } from '@jest/globals';
import type { Msg, NatsError } from 'nats';
import { MsgImpl } from 'nats/lib/nats-base-client/msg.js';
import type { Connection } from '../../../../lib/nats/driver/connection/connection.js';
import { Inbox, type ReplyGroup } from '../../../../lib/nats/driver/connection/inbox.js';
import type { NatsClient } from '../../../../lib/nats/driver/connection/client-port.js';
import { collect, oldMegabytes } from '../../../support/old-space.js';

/** An inbox, and a server that sends to it. */
function inboxRig() {
  let callback: (error: NatsError | null, message: Msg) => void;
  const nc = { subscribe: (_subject: string, options: { callback: typeof callback }) => (callback = options.callback) };
  const client = { createInbox: () => '_INBOX.x' } as unknown as NatsClient;
  const inbox = new Inbox({ nc } as unknown as Connection, client, undefined);
  const replies = (subject: string) => {
    const args = { subject: Buffer.from(subject), sid: 1, hdr: 0, size: 0 };
    callback(null, new MsgImpl(args, new Uint8Array(), {} as never));
  };
  return { inbox, replies, deny: () => callback({ message: 'denied' } as NatsError, undefined as never) };
}

class Group implements ReplyGroup {
  readonly seen: (number | 'denied')[] = [];

  answered(index: number): void {
    this.seen.push(index);
  }

  denied(): void {
    this.seen.push('denied');
  }
}

it('a message to a group that does not exist yet does not keep the replies of it from arriving', () => {
  const { inbox, replies } = inboxRig();
  inbox.expect(new Group());
  replies('_INBOX.x.2.0');
  const group = new Group();
  const { prefix } = inbox.expect(group);
  expect(prefix).toBe('_INBOX.x.2.');
  for (const index of [0, 1]) replies(`${prefix}${String(index)}`);
  expect(group.seen).toEqual([0, 1]);
});

it('a group hears nothing more, and is not kept, once it has been told that no reply will arrive', () => {
  const { inbox, replies, deny } = inboxRig();
  const group = new Group();
  const { prefix } = inbox.expect(group);
  replies(`${prefix}0`);
  deny();
  replies(`${prefix}1`);
  expect(group.seen).toEqual([0, 'denied']);
  expect(Object.values(inbox)).not.toContain(group);
});

it('a group hears nothing more, and is not kept, after its end', () => {
  const { inbox, replies } = inboxRig();
  const group = new Group();
  const { prefix, end } = inbox.expect(group);
  replies(`${prefix}0`);
  end();
  expect(Object.values(inbox)).not.toContain(group);
  replies(`${prefix}1`);
  expect(group.seen).toEqual([0]);
});

it('a message to a name that only begins as that of a group is no reply of it', () => {
  const { inbox, replies } = inboxRig();
  const group = new Group();
  const { prefix } = inbox.expect(group);
  expect(prefix).toBe('_INBOX.x.1.');
  for (const name of ['1_', '01', '1 ', '+1', '']) replies(`_INBOX.x.${name}.0`);
  replies(`${prefix}7`);
  expect(group.seen).toEqual([7]);
});

it('what a group held does not grow old in memory after its end', () => {
  const { inbox } = inboxRig();
  const taken: number[] = [];
  let endLast = (): void => undefined;
  for (let made = 0; made < 20_000; made++) {
    // Few at a time: what a collection of the young ones finds may grow old.
    const held = Array.from({ length: 64 }, (_, index) => [made, index, index, index, index]);
    const group = Object.assign(new Group(), { held });
    const { end } = inbox.expect(group);
    endLast();
    endLast = end;
    // From now on the inbox is old itself; a Map took 22 to 37 MB for the others.
    if (made === 100) collect();
    if (made > 100 && made % 250 === 0) taken.push(oldMegabytes());
  }
  expect(Math.max(...taken) - Math.min(...taken)).toBeLessThan(8);
});
