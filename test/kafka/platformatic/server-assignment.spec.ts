import { beforeEach, describe, expect, it } from '@jest/globals';

import { systemClock } from '../../../lib/async/index.js';
import type { Assignment } from '../../../lib/kafka/driver/client/consumer-port.js';
import type { Answer } from '../../../lib/kafka/driver/platformatic/requests.js';
import { ServerAssignment } from '../../../lib/kafka/driver/platformatic/server-assignment.js';
import { until } from '../../support/real-brokers.js';

interface Given {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** A server with topics, and a member of which each heartbeat is answered by the test. */
class Server {
  /** By name. */
  readonly ids = new Map([['orders', 'id-1']]);
  /** What the client has asked for before. */
  private known: ReadonlyMap<string, string> = new Map();
  readonly told: Assignment[] = [];
  readonly heard: (readonly Given[])[] = [];
  over: () => void = () => undefined;
  revoked: Assignment[] = [];
  answer: readonly Given[] = [];
  refuses: Error | undefined;
  intervalMs = 0;
  readonly assignment = new ServerAssignment({
    clock: systemClock,
    topics: new Set(['orders']),
    consumer: { metadata: (options: { topics: string[]; forceUpdate: boolean }) => this.metadata(options) } as never,
    revoking: (assignment) => {
      this.revoked.push(assignment);
      return new Promise((resolve) => (this.over = resolve));
    },
    changed: () => void this.told.push(this.assignment.current),
  });

  async heartbeat(epoch: number, owned: readonly Given[], answer = this.answer): Promise<Error | undefined> {
    this.answer = answer;
    const send = this.assignment.heartbeats((_connection, ...args) => {
      this.heard.push(args[9] as readonly Given[]);
      const answered = args.at(-1) as Answer;
      if (this.refuses !== undefined) answered(this.refuses);
      else answered(null, { heartbeatIntervalMs: 5_000, assignment: { topicPartitions: this.answer } });
    });
    const args = ['group', 'member', epoch, null, null, 60_000, ['orders'], null, null, owned];
    return new Promise((resolve) => {
      send({}, ...args, ((error, response) => {
        this.intervalMs = (response as { heartbeatIntervalMs: number } | undefined)?.heartbeatIntervalMs ?? 0;
        resolve(error ?? undefined);
      }) satisfies Answer);
    });
  }

  private metadata({ topics, forceUpdate }: { topics: string[]; forceUpdate: boolean }): Promise<unknown> {
    if (forceUpdate || this.known.size === 0) this.known = new Map(this.ids);
    return Promise.resolve({ topics: new Map(topics.map((name) => [name, { id: this.known.get(name) }])) });
  }
}

const both: Given[] = [{ topicId: 'id-1', partitions: [0, 1] }];
const one: Given[] = [{ topicId: 'id-1', partitions: [0] }];

describe('the partitions of a member by KIP-848', () => {
  let server: Server;
  beforeEach(async () => {
    server = new Server();
    await server.heartbeat(0, [], both);
  });

  it('are those that the server tells', () => {
    expect(server.assignment.current).toEqual({ orders: [0, 1] });
  });

  it('stay its own, to the server as well, until what runs there is over', async () => {
    await server.heartbeat(1, both, one);
    expect([server.revoked, server.assignment.current]).toEqual([[{ orders: [1] }], { orders: [0, 1] }]);
    expect(server.intervalMs).toBe(250);
    await server.heartbeat(1, one);
    expect(server.heard.at(-1)).toEqual(both);
    server.over();
    await until(() => server.told.length > 0, { what: 'it is given back' });
    await server.heartbeat(1, one);
    expect([server.heard.at(-1), server.assignment.current, server.intervalMs]).toEqual([one, { orders: [0] }, 5_000]);
  });

  it('are lost in between where the server gives one back that is being given up', async () => {
    await server.heartbeat(1, both, one);
    await server.heartbeat(1, one, both);
    server.over();
    await until(() => server.told.length > 1, { what: 'it is told' });
    expect(server.told).toEqual([{ orders: [0] }, { orders: [0, 1] }]);
  });

  it('are those of a topic that was made anew, and are lost in between', async () => {
    server.ids.set('orders', 'id-2');
    const anew = [{ topicId: 'id-2', partitions: [0, 1] }];
    await server.heartbeat(1, both, anew);
    server.over();
    await until(() => server.told.length > 1, { what: 'it is told' });
    expect([server.told, server.revoked]).toEqual([[{}, { orders: [0, 1] }], [{ orders: [0, 1] }]]);
  });

  it('are lost once the server has fenced it', async () => {
    server.refuses = Object.assign(new Error('fenced'), { apiId: 'FENCED_MEMBER_EPOCH' });
    expect(await server.heartbeat(1, both)).toBe(server.refuses);
    expect(server.told).toEqual([{}]);
  });
});
