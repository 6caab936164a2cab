import { NumberMap } from '../../../async/index.js';
import type { Incoming, Lane, Settlement } from '../../../driver/index.js';
import type { StreamSourceSpec } from '../../source-spec.js';
import type { Ack, Acks } from './acks.js';
import type { DeliveryInfo, StreamMessage } from './stream-message.js';

const ACK = '+ACK';
const NAK = '-NAK';
const TERM = '+TERM';
const WORKING = '+WPI';

/** The server parses the delay as an int64 of nanoseconds: about 285 years. */
const LONGEST_DELAY_NS = 9e18;

/** At most this many nacked sequences are remembered if the server has no `max_ack_pending`. */
const MOST_NACKED = 10_000;

/** Delivery settles the same objects that the lane handed over. */
interface Placed extends Incoming {
  readonly info: DeliveryInfo;
  readonly handle: string;
}

/** How many messages a lane may have waiting here: see `Lane`. Read at each use, as a consumer's limits may change. */
export interface LaneRoom {
  readonly maxPrefetch: number;
  readonly maxHeld: number;
}

const UNLIMITED: LaneRoom = { maxPrefetch: Infinity, maxHeld: Infinity };

/** One durable consumer, from when it was created or found until it is deleted or no longer read. */
export class StreamLane implements Lane {
  readonly name: string;
  readonly redelivery = 'server';
  readonly backpressure = true;
  readonly lost: AbortSignal;
  private readonly end = new AbortController();
  /** Unsettled messages, by stream sequence. */
  private readonly unsettled = new NumberMap<StreamMessage>();
  /**
   * Acked or terminated, but the server may not know yet: a copy that arrives now was sent before. Nacked messages are
   * not in it: they are redelivered after their delay, and a swallowed redelivery would only repeat after ack_wait. It
   * holds no messages, which would keep their bodies in memory.
   */
  private readonly settling = new NumberMap<DeliveryInfo>();
  /**
   * Nacked sequences, oldest first, until they are redelivered. Other replicas may have handled some of them, so no more
   * are kept than `max_ack_pending`.
   */
  private readonly nacked = new Set<number>();
  /** The highest sequence so far: what comes with a higher one is a copy of nothing. */
  private highest = 0;
  /** How many more messages delivery wants; unlimited until it says so. */
  wanted = Infinity;
  /** Delivery wants nothing now: messages that arrive are nacked. */
  isHeld = false;
  /** Called whenever delivery has said how many messages it wants. */
  demanded: () => void = () => undefined;

  constructor(
    readonly source: StreamSourceSpec,
    /** It may be changed on the server. */
    public leaseMs: number,
    private readonly acks: Acks,
    private readonly maxAckPending: number,
    private readonly reached: (seq: number) => void = () => undefined,
    private readonly room: LaneRoom = UNLIMITED,
  ) {
    this.name = `${source.stream}/${source.consumer}`;
    this.lost = this.end.signal;
  }

  /** Messages that count in the server's `max_ack_pending`, as far as this process knows. */
  get pending(): number {
    return this.unsettled.size + this.nacked.size;
  }

  get maxPrefetch(): number {
    return this.room.maxPrefetch;
  }

  get maxHeld(): number {
    return this.room.maxHeld;
  }

  demand(messages: number): void {
    if (this.lost.aborted) return;
    this.wanted = messages;
    this.isHeld = messages === 0;
    this.demanded();
  }

  handedOver(messages: number): void {
    this.wanted = Math.max(0, this.wanted - messages);
  }

  /** The lowest sequence that may not have been handled yet. */
  get lowest(): number | undefined {
    return this.pending === 0 ? undefined : Math.min(...this.unsettled.keys(), ...this.nacked);
  }

  /** The server reports no unsettled message: other replicas have handled the nacked ones. */
  nothingPends(): void {
    this.nacked.clear();
  }

  /**
   * Whether the delivery is a copy of a message that is being handled here: after ack_wait JetStream may redeliver it to
   * the same process. The copy's reply subject replaces the earlier one. A message that its handler left unsettled is no
   * longer being handled: its redelivery counts as new, and is the only one that settles it.
   */
  swallows(info: DeliveryInfo): boolean {
    if (info.seq > this.highest) return false;
    return this.adopts(info) || this.settling.get(info.seq)?.stored === info.stored;
  }

  add(message: StreamMessage): void {
    const { seq } = message.info;
    if (seq > this.highest) this.highest = seq;
    else this.nacked.delete(seq);
    this.unsettled.set(seq, message);
    this.reached(seq);
  }

  settle(incoming: Incoming, how: Settlement): void {
    const { seq } = (incoming as Placed).info;
    const message = this.unsettled.get(seq);
    if (this.lost.aborted || message !== incoming) return;
    this.unsettled.delete(seq);
    if (typeof how === 'object') this.remember(seq);
    else this.settling.set(seq, message.info);
    this.acks.send(new SentSettlement(message.handle, payload(how), message.info, this.settling));
  }

  extend(incoming: Incoming): void {
    if (this.lost.aborted) return;
    const message = this.unsettled.get((incoming as Placed).info.seq);
    if (message === incoming) message.left = false;
    this.acks.hint((incoming as Placed).handle, WORKING);
  }

  leftUnsettled(incoming: Incoming): void {
    const message = this.unsettled.get((incoming as Placed).info.seq);
    if (message === incoming) message.left = true;
  }

  /** Treats the message as nacked: it is redelivered to any replica, and counts in `max_ack_pending` until then. */
  forget(incoming: Incoming): void {
    const { seq } = (incoming as Placed).info;
    if (this.unsettled.get(seq) !== incoming) return;
    this.unsettled.delete(seq);
    this.remember(seq);
  }

  /** Nacks every unsettled message without a delay; then the lane is lost. */
  giveBack(): void {
    for (const message of this.unsettled.values()) this.settle(message, { redeliverInMs: 0 });
    this.lose();
  }

  lose(): void {
    this.end.abort();
    this.unsettled.clear();
    this.nacked.clear();
  }

  private remember(seq: number): void {
    this.nacked.add(seq);
    const [oldest] = this.nacked;
    if (this.nacked.size > Math.min(this.maxAckPending, MOST_NACKED) && oldest !== undefined)
      this.nacked.delete(oldest);
  }

  /** A recreated stream starts at sequence 1: the time tells its messages from those of the old one. */
  private adopts(info: DeliveryInfo): boolean {
    const known = this.unsettled.get(info.seq);
    if (known?.info.stored !== info.stored || known.left) return false;
    known.handle = info.handle;
    return true;
  }
}

/** It lives until the server has read it, and holds no message: thousands do at a time. */
class SentSettlement implements Ack {
  constructor(
    readonly subject: string,
    readonly payload: string,
    private readonly info: DeliveryInfo,
    private readonly settling: NumberMap<DeliveryInfo>,
  ) {}

  known(): void {
    const { info, settling } = this;
    if (settling.get(info.seq) === info) settling.delete(info.seq);
  }
}

function payload(how: Settlement): string {
  if (how === 'ack') return ACK;
  if (how === 'reject') return TERM;
  if (how.redeliverInMs <= 0) return NAK;
  return `-NAK ${JSON.stringify({ delay: Math.min(Math.round(how.redeliverInMs * 1e6), LONGEST_DELAY_NS) })}`;
}
