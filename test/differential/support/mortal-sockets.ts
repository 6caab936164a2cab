import { AsyncLocalStorage } from 'node:async_hooks';
import net from 'node:net';

import type { Driver } from '../../../lib/driver/index.js';

/** The sockets that one member has opened; once it is dead, none opens any more. */
interface Member {
  readonly sockets: Set<net.Socket>;
  isDead: boolean;
}

const members = new AsyncLocalStorage<Member>();
const dead = (): Error => new Error('This member is dead');

let isWatched = false;

/** A client need not take a factory of sockets: whatever follows from a call of the driver runs in the context of its member. */
function watchSockets(): void {
  if (isWatched) return;
  isWatched = true;
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: Parameters<typeof connect>) {
    const member = members.getStore();
    member?.sockets.add(this);
    if (member?.isDead !== true) return connect.apply(this, args);
    process.nextTick(() => this.destroy(dead()));
    return this;
  } as typeof connect;
}

/** The same driver, and what cuts all of its connections at once, as the end of its process does. */
export function withMortalSockets(driver: Driver): { readonly driver: Driver; readonly kill: () => Promise<void> } {
  watchSockets();
  const member: Member = { sockets: new Set(), isDead: false };
  const { connect, subscribe, publish } = driver;
  const mortal = Object.assign(driver, {
    connect: (...args) => members.run(member, () => connect.apply(driver, args)),
    subscribe: (...args) => members.run(member, () => subscribe.apply(driver, args)),
    publish: (...args) => members.run(member, () => publish.apply(driver, args)),
  } satisfies Partial<Driver>);
  const kill = async (): Promise<void> => {
    member.isDead = true;
    for (const socket of member.sockets) socket.destroy(dead());
  };
  return { driver: mortal, kill };
}
