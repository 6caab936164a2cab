import type { Incoming, Outgoing } from '../driver/index.js';
import { payloadOf } from './published-message.js';
import type { RecordedPublish } from './published-messages.js';
import type { TrackedDelivery } from './tracked-delivery.js';
import { Timeline, type TimelineDelivery, type TimelineMessage } from './timeline.js';

/** Deeper levels start at the left edge, to keep message loops readable. */
const DEEPEST = 50;

/** The records from which the tree is built. */
export interface Happenings {
  readonly published: readonly RecordedPublish[];
  readonly deliveries: readonly TrackedDelivery[];
  readonly seed: number | undefined;
  /** Brokers on one bus share messages. */
  busOf(broker: string): string;
}

/**
 * Builds the tree: a delivery is a child of its message, a message is a child of the delivery that published it.
 *
 * @param most limits the tree to the first records, for errors after very many of them
 */
export function timelineOf(happenings: Happenings, most = Infinity): Timeline {
  const { published, deliveries } = happenings;
  const orders = [...published, ...deliveries].map(({ order }) => order).sort((one, other) => one - other);
  const last = orders[most - 1] ?? Infinity;
  const early = <T extends { readonly order: number }>(all: readonly T[]) => all.filter(({ order }) => order <= last);
  const tree = new Tree({ ...happenings, published: early(published), deliveries: early(deliveries) });
  return new Timeline(tree.roots(), tree.others(), Math.max(0, orders.length - most), happenings.seed);
}

class Tree {
  private readonly deliveriesOf = new Map<RecordedPublish, TrackedDelivery[]>();
  private readonly publishedBy = new Map<TrackedDelivery, RecordedPublish[]>();
  private readonly publishOf = new Map<TrackedDelivery, RecordedPublish>();
  private readonly depths = new Map<RecordedPublish, number>();
  private readonly rootPublishes: RecordedPublish[] = [];
  private readonly unpublished: TrackedDelivery[] = [];

  constructor(happenings: Happenings) {
    this.hangDeliveries(happenings);
    this.hangPublishes(happenings);
  }

  roots(): readonly TimelineMessage[] {
    return this.rootPublishes.map((publish) => this.message(publish));
  }

  others(): readonly TimelineDelivery[] {
    return this.unpublished.map((record) => this.delivery(record));
  }

  private hangDeliveries(happenings: Happenings): void {
    const matcher = new Matcher(happenings);
    for (const record of happenings.deliveries) {
      const publish = matcher.publishOf(record);
      if (publish === undefined) {
        this.unpublished.push(record);
        continue;
      }
      this.publishOf.set(record, publish);
      add(this.deliveriesOf, publish, record);
    }
  }

  private hangPublishes({ published, deliveries }: Happenings): void {
    const handled = new Map<Incoming, TrackedDelivery>(deliveries.map((record) => [record.incoming, record]));
    for (const publish of [...published].sort((one, other) => one.order - other.order)) {
      const { origin } = publish.message;
      const by = origin === undefined ? undefined : handled.get(origin);
      const depth = by === undefined ? 0 : this.depthOf(by) + 1;
      this.depths.set(publish, depth % DEEPEST);
      if (by === undefined || by.order > publish.order || depth === DEEPEST) this.rootPublishes.push(publish);
      else add(this.publishedBy, by, publish);
    }
  }

  private depthOf(record: TrackedDelivery): number {
    const publish = this.publishOf.get(record);
    return publish === undefined ? 0 : (this.depths.get(publish) ?? 0);
  }

  private message(publish: RecordedPublish): TimelineMessage {
    const { broker, address, message, outcome } = publish;
    return {
      broker,
      destination: address,
      payload: payloadOf(message),
      confirmed: outcome !== undefined && 'receipt' in outcome,
      ...(outcome !== undefined && 'error' in outcome && { error: outcome.error }),
      ...(message.origin?.replyTo === address && { answer: true as const }),
      deliveries: (this.deliveriesOf.get(publish) ?? []).map((record) => this.delivery(record)),
    };
  }

  private delivery(record: TrackedDelivery): TimelineDelivery {
    const published = (this.publishedBy.get(record) ?? []).map((publish) => this.message(publish));
    return { ...record.snapshot(), published };
  }
}

/**
 * Finds the published message of a delivery. No system has a common id for both, so they are matched by address and
 * content: of equal messages, the first to arrive is the first that was published.
 */
class Matcher {
  private readonly alike = new Map<string, RecordedPublish[]>();
  private readonly found = new Map<string, RecordedPublish>();
  private readonly taken = new Map<string, number>();

  constructor(private readonly happenings: Happenings) {
    for (const publish of happenings.published) {
      // An unconfirmed message may have been written nevertheless.
      if (publish.outcome !== undefined && 'error' in publish.outcome && publish.outcome.error.written === 'no')
        continue;
      add(this.alike, this.nameOf(publish.broker, publish.address, publish.message), publish);
    }
    for (const publishes of this.alike.values()) publishes.sort((one, other) => one.order - other.order);
  }

  publishOf({ broker, incoming, delivery }: TrackedDelivery): RecordedPublish | undefined {
    // All deliveries of a message on one broker have the same position; on two brokers positions may differ.
    const place = JSON.stringify([broker, incoming.position]);
    const known = this.found.get(place);
    if (known !== undefined) return known;
    const name = this.nameOf(broker, incoming.address, incoming);
    // A stream and a core subscription to one subject both get the message, at different positions.
    const mine = JSON.stringify([broker, delivery.lane.redelivery, name]);
    const taken = this.taken.get(mine) ?? 0;
    const publish = this.alike.get(name)?.[taken];
    if (publish === undefined) return undefined;
    this.taken.set(mine, taken + 1);
    this.found.set(place, publish);
    return publish;
  }

  private nameOf(broker: string, address: string, { body, key = '' }: Pick<Outgoing, 'body' | 'key'>): string {
    const text = body === null ? '' : Buffer.from(body).toString('latin1');
    return JSON.stringify([this.happenings.busOf(broker), address, key, text]);
  }
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  list.push(value);
}
