import { EventEmitter } from 'node:events';

import { expect, it } from '@jest/globals';

import type { ConsumerListeners, GroupJoin } from '../../../lib/kafka/driver/client/consumer-port.js';
import { Membership, type MembershipHost } from '../../../lib/kafka/driver/platformatic/membership.js';
import { PendingRequests } from '../../../lib/kafka/driver/platformatic/pending.js';
import { recordingIo } from '../../support/kafka/connected.js';

/** A member of the classic protocol, whose client the test plays. */
class Client extends EventEmitter {
  readonly events: string[] = [];
  readonly joins: GroupJoin[] = [];
  memberId = 'member';
  assignments = [{ topic: 'orders', partitions: [0] }];
  isMember = false;
  readonly membership = new Membership(this.host());

  isActive(): boolean {
    return this.isMember;
  }

  joinGroup(): Promise<void> {
    this.events.push('joins');
    return Promise.resolve();
  }

  joined(generationId: number): void {
    this.isMember = true;
    this.emit('consumer:group:join', { generationId });
  }

  private host(): MembershipHost {
    const note = (event: string) => (): void => void this.events.push(event);
    const listeners = {
      joined: (join: GroupJoin) => void this.joins.push(join),
      rebalancing: note('rebalancing'),
    } as unknown as ConsumerListeners;
    return {
      ...{ io: recordingIo().io, platformatic: {}, consumer: this, listeners, pending: new PendingRequests('kafka:1') },
      ...{ byServer: false, persistent: true, topics: new Set(['orders']) },
      ...{ suspend: note('suspended'), assigned: note('assigned'), resume: note('resumed'), crash: note('crashed') },
    } as unknown as MembershipHost;
  }
}

it('a member that joins again by itself tells so before, so that what is finished is committed', async () => {
  const client = new Client();
  await client.membership.join();
  client.joined(1);
  await client.membership.join();
  expect(client.events).toEqual(['joins', 'assigned', 'resumed', 'suspended', 'rebalancing', 'joins']);
});

it('a member that has missed a generation says so, as another one may have had its partitions', () => {
  const client = new Client();
  for (const generation of [1, 2, 4, 5]) client.joined(generation);
  expect(client.joins.map(({ hasSkipped }) => hasSkipped)).toEqual([false, false, true, false]);
});
