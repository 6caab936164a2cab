import { PublishError } from '../../../lib/errors/index.js';
import { KeyedStrands } from '../../../lib/delivery/side-by-side/keyed-strands.js';
import { KeyStrand } from '../../../lib/delivery/side-by-side/key-strand.js';
import { ConsumerGroup } from '../../../lib/kafka/twin/consumer-group.js';
import { GroupConsumer } from '../../../lib/kafka/twin/group-consumer.js';
import { KafkaTwin } from '../../../lib/kafka/twin/kafka-twin.js';
import { PartitionLane } from '../../../lib/kafka/twin/partition-lane.js';
import { TwinRecord } from '../../../lib/kafka/twin/twin-record.js';
import { TwinTopic } from '../../../lib/kafka/twin/twin-topic.js';
import { NatsTwin } from '../../../lib/nats/twin/nats-twin.js';
import { TwinConsumer } from '../../../lib/nats/twin/twin-consumer.js';
import { TwinStream } from '../../../lib/nats/twin/twin-stream.js';
import { Stored } from '../../../lib/twin/index.js';
import { laws } from './laws.js';
import { aspects } from './comparison.js';
import type { Kind } from './scenario.js';

/**
 * A way in which a twin, or the order of calls on it, could be wrong. Planted in its classes while a scenario runs on it,
 * and nowhere else.
 */
export interface Fault {
  readonly kind: Kind;
  /** The law, or the aspect of the comparison, that has to notice it. */
  readonly noticedBy: string;
  /** Spoils the classes; the returned function mends them. */
  plant(): () => void;
}

export const faults: Readonly<Record<string, Fault>> = {
  'a wrong partition': {
    kind: 'kafka',
    noticedBy: law('a key has its partition'),
    plant: () =>
      spoil(TwinTopic.prototype, 'append', (append) => {
        return function (partition, message) {
          return append.call(this, (partition + 1) % this.partitions.length, message);
        };
      }),
  },
  'an offset too far': {
    kind: 'kafka',
    noticedBy: law('all is settled once quiet'),
    plant: () =>
      spoil(ConsumerGroup.prototype, 'commit', (commit) => {
        return function (topic, partition, offset) {
          commit.call(this, topic, partition, offset + 1);
        };
      }),
  },
  'a commit that is lost': {
    kind: 'kafka',
    noticedBy: law('all is settled once quiet'),
    plant: () =>
      spoil(ConsumerGroup.prototype, 'commit', (commit) => {
        return function (topic, partition, offset) {
          if (this.committed(topic, partition) === undefined) commit.call(this, topic, partition, offset);
        };
      }),
  },
  'a commit past what is not finished': {
    kind: 'kafka',
    noticedBy: law('all is settled once quiet'),
    plant: () =>
      spoil(PartitionLane.prototype, 'settle', (settle) => {
        return function (message, how) {
          settle.call(this, message, how);
          if (this.lost.aborted || !(message instanceof TwinRecord)) return;
          this['group'].commit(message.address, message.partition, message.offset + 1);
        };
      }),
  },
  'two calls of a key at once': {
    kind: 'kafka',
    noticedBy: law('one message of a key at a time'),
    plant: () =>
      spoil(KeyStrand.prototype, 'begins', (begins) => {
        return function (delivery) {
          begins.call(this, delivery);
          this.over();
        };
      }),
  },
  'a key that does not wait for what failed': {
    kind: 'kafka',
    noticedBy: law('what fails holds those behind it in its order'),
    plant: () =>
      spoil(KeyStrand.prototype, 'held', () => {
        return function (delivery, until) {
          this['slots'].lane.inFlight.revive(delivery);
          void until();
        };
      }),
  },
  'a batch in the wrong order': {
    kind: 'kafka',
    noticedBy: law('first deliveries keep the order of a key'),
    plant: () =>
      spoil(KafkaTwin.prototype, 'subscribe', (subscribe) => {
        return function (sources, sink, signal) {
          const turned: typeof sink = {
            opened: (lane) => sink.opened(lane),
            take: (lane, batch) => sink.take(lane, batch.toReversed()),
          };
          return subscribe.call(this, sources, turned, signal);
        };
      }),
  },
  'two owners of a partition': {
    kind: 'kafka',
    noticedBy: law('what nobody disturbs is called as its script says'),
    plant: () => spoil(GroupConsumer.prototype, 'revokeAllBut', () => () => undefined),
  },
  'a partition that nobody takes over': {
    kind: 'kafka',
    noticedBy: law('every group gets every message that is its'),
    plant: () =>
      spoil(ConsumerGroup.prototype, 'leave', () => {
        return () => undefined;
      }),
  },
  'a group that begins before its start': {
    kind: 'kafka',
    noticedBy: law('a group gets nothing from before its start'),
    plant: () => spoil(GroupConsumer.prototype, 'startOf', () => () => 0),
  },
  'an ack that settles all before it': {
    kind: 'jetstream',
    noticedBy: law('all is settled once quiet'),
    plant: () =>
      spoil(TwinConsumer.prototype, 'done', (done) => {
        return function (seq) {
          for (const { seq: other } of [...this.waiting()]) if (other < seq) done.call(this, other);
          done.call(this, seq);
        };
      }),
  },
  'more calls at once than allowed': {
    kind: 'jetstream',
    noticedBy: law('a lane has no more calls at once than it may'),
    plant: () =>
      spoil(KeyedStrands.prototype, 'began', (began) => {
        return function (strand) {
          began.call(this, strand);
          this.unused();
        };
      }),
  },
  'a lost nack': {
    kind: 'jetstream',
    noticedBy: law('what nobody disturbs is called as its script says'),
    plant: () =>
      spoil(TwinConsumer.prototype, 'nak', () => {
        return function (seq) {
          this.done(seq);
        };
      }),
  },
  'a lost ack': {
    kind: 'jetstream',
    noticedBy: law('all is settled once quiet'),
    plant: () => spoil(TwinConsumer.prototype, 'done', () => () => undefined),
  },
  'a redelivery that counts as a first one': {
    kind: 'jetstream',
    noticedBy: aspect('calls and attempts of what nobody disturbed'),
    plant: () =>
      spoil(TwinConsumer.prototype, 'pull', (pull) => {
        return function (reader, max) {
          return pull.call(this, reader, max).map((handout) => ({ ...handout, deliveries: 1 }));
        };
      }),
  },
  'what a member gives back is lost': {
    kind: 'jetstream',
    noticedBy: law('every group gets every message that is its'),
    plant: () =>
      // Before a member leaves, it gives back by hand what nobody has begun; a script's nack waits some time.
      spoil(TwinConsumer.prototype, 'nak', (nak) => {
        return function (seq, ms) {
          if (ms === 0) this.done(seq);
          else nak.call(this, seq, ms);
        };
      }),
  },
  'what a killed member had is lost': {
    kind: 'jetstream',
    noticedBy: law('all is settled once quiet'),
    plant: () =>
      spoil(TwinConsumer.prototype, 'leave', (leave) => {
        return function (reader, unsettled) {
          leave.call(this, reader, unsettled);
          for (const { seq, nacked } of [...this.waiting()]) if (!nacked) this.done(seq);
        };
      }),
  },
  'a duplicate that is kept': {
    kind: 'jetstream',
    noticedBy: law('a second message of a dedupe id is told as a duplicate, and no other'),
    plant: () =>
      spoil(TwinStream.prototype, 'append', (append) => {
        return function (message) {
          const headers = { ...message.headers, 'Nats-Msg-Id': String(this.log.end) };
          const { address, key, rawHeaders, replyTo, timestamp, broker, path } = message;
          const fields = { address, key, rawHeaders, replyTo, timestamp, broker, path, headers };
          return append.call(this, new Stored(message.copy(), fields));
        };
      }),
  },
  'a durable that begins before its start': {
    kind: 'jetstream',
    noticedBy: law('a group gets nothing from before its start'),
    plant: () =>
      spoil(TwinStream.prototype, 'addConsumer', (add) => {
        return function (broker, config) {
          const { deliver_policy: _, ...fromBeginning } = config;
          return Object.assign(add.call(this, broker, fromBeginning), { config });
        };
      }),
  },
  'another error code': {
    kind: 'jetstream',
    noticedBy: aspect('error codes'),
    plant: () =>
      spoil(NatsTwin.prototype, 'publish', (publish) => {
        return async function (to, batch) {
          const error = new PublishError('MULTI_BROKER_PUBLISH_REJECTED', 'refused', { written: 'no' });
          return (await publish.call(this, to, batch)).map((outcome) => ('error' in outcome ? { error } : outcome));
        };
      }),
  },
};

/** Fails where the tables do not have the name any more. */
function law(name: keyof typeof laws): string {
  if (!(name in laws)) throw new Error(`There is no law '${name}'`);
  return `"${name}"`;
}

function aspect(name: keyof typeof aspects): string {
  if (!(name in aspects)) throw new Error(`There is no aspect '${name}'`);
  return `"${name}"`;
}

type Methods<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T];
type Method<T, K extends keyof T> = T[K] extends (...args: infer A) => infer R ? (this: T, ...args: A) => R : never;

function spoil<T, K extends Methods<T>>(
  prototype: T,
  name: K,
  make: (original: Method<T, K>) => Method<T, K>,
): () => void {
  const original = prototype[name];
  prototype[name] = make(original as Method<T, K>) as T[K];
  return () => {
    prototype[name] = original;
  };
}
