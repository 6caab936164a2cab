import type { Incoming, Lane, Settlement } from '../../driver/index.js';
import type { StreamSourceSpec } from '../source-spec.js';
import type { Acks } from './acks.js';
import type { DeliveryInfo, StreamMessage } from './stream-message.js';

const ack = Buffer.from('+ACK');
const nak = Buffer.from('-NAK');
const term = Buffer.from('+TERM');
const working = Buffer.from('+WPI');

/** The server reads the delay as an int64 of nanoseconds: some 285 years. */
const longestDelayNs = 9e18;

/** So many sequences of what was given back are kept at most, where the server has no limit. */
const mostGivenBack = 10_000;

/** Lanes get back the very messages that they gave. */
interface Placed extends Incoming {
  readonly info: DeliveryInfo;
  readonly handle: string;
}

/** One consumer from its creation (or from when it was found) until it is deleted or left. */
export class StreamLane implements Lane {
  readonly name: string;
  readonly again = 'server';
  readonly waits = true;
  readonly lost: AbortSignal;
  private readonly end = new AbortController();
  /** Not settled yet, by stream sequence. */
  private readonly unsettled = new Map<number, StreamMessage>();
  /**
   * Handled or dropped, but the server may not know yet: a copy that comes now was sent before. Not what was given
   * back: it comes again as soon as its delay is over, and swallowed then it would come only after ack_wait. Without
   * the message: its body would be kept for as long.
   */
  private readonly settling = new Map<number, DeliveryInfo>();
  /**
   * Given back, until they come again, in that order. Others may get them, so some of these may be done: no more are
   * kept than the server has.
   */
  private readonly givenBack = new Set<number>();
  /** How many more messages delivery takes; without a limit until it says so. */
  wanted = Infinity;
  /** Nothing can be begun: what comes goes back. */
  isHeld = false;
  /** Called whenever delivery has said how many it takes. */
  demanded: () => void = () => undefined;

  constructor(
    readonly source: StreamSourceSpec,
    readonly leaseMs: number,
    private readonly acks: Acks,
    private readonly maxAckPending: number,
    private readonly reached: (seq: number) => void = () => undefined,
    private readonly mostAhead: () => number = () => Infinity,
  ) {
    this.name = `${source.stream}/${source.consumer}`;
    this.lost = this.end.signal;
  }

  /** Messages that count in the server's `max_ack_pending`, as far as this process knows. */
  get pending(): number {
    return this.unsettled.size + this.givenBack.size;
  }

  get maxPrefetch(): number {
    return this.mostAhead();
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

  /** The lowest sequence that may not be handled yet. */
  get lowest(): number | undefined {
    return this.pending === 0 ? undefined : Math.min(...this.unsettled.keys(), ...this.givenBack);
  }

  /** The server has nothing unsettled: others have done what was given back. */
  nothingPends(): void {
    this.givenBack.clear();
  }

  /**
   * Whether the delivery is the copy of a message that is at work here: when ack_wait passes, JetStream sends it to
   * the same process too. The copy's handle is taken over. What its handler has left unsettled is at work no more:
   * then it is a new delivery, which alone settles the message.
   */
  swallows(info: DeliveryInfo): boolean {
    return this.adopts(info) || this.settling.get(info.seq)?.stored === info.stored;
  }

  add(message: StreamMessage): void {
    this.givenBack.delete(message.info.seq);
    this.unsettled.set(message.info.seq, message);
    this.reached(message.info.seq);
  }

  settle(incoming: Incoming, how: Settlement): void {
    const { seq } = (incoming as Placed).info;
    const message = this.unsettled.get(seq);
    if (this.lost.aborted || message !== incoming) return;
    this.unsettled.delete(seq);
    if (typeof how === 'object') this.remember(seq);
    else this.settling.set(seq, message.info);
    const { handle, info } = message;
    this.acks.send(handle, payload(how), () => {
      if (this.settling.get(seq) === info) this.settling.delete(seq);
    });
  }

  extend(incoming: Incoming): void {
    if (!this.lost.aborted) this.acks.hint((incoming as Placed).handle, working);
  }

  leftUnsettled(incoming: Incoming): void {
    const message = this.unsettled.get((incoming as Placed).info.seq);
    if (message === incoming) message.left = true;
  }

  /** As what was given back: it comes again, to whomever, and counts at the server until then. */
  forget(incoming: Incoming): void {
    const { seq } = (incoming as Placed).info;
    if (this.unsettled.get(seq) !== incoming) return;
    this.unsettled.delete(seq);
    this.remember(seq);
  }

  /** Everything that is not settled goes back at once; then the lane is lost. */
  giveBack(): void {
    for (const message of [...this.unsettled.values()]) this.settle(message, { againInMs: 0 });
    this.lose();
  }

  lose(): void {
    this.end.abort();
    this.unsettled.clear();
    this.givenBack.clear();
  }

  private remember(seq: number): void {
    this.givenBack.add(seq);
    const [oldest] = this.givenBack;
    if (this.givenBack.size > Math.min(this.maxAckPending, mostGivenBack) && oldest !== undefined)
      this.givenBack.delete(oldest);
  }

  /** Sequences are counted anew in a stream that is made anew: the time tells the two apart. */
  private adopts(info: DeliveryInfo): boolean {
    const known = this.unsettled.get(info.seq);
    if (known?.info.stored !== info.stored || known.left) return false;
    known.handle = info.handle;
    return true;
  }
}

function payload(how: Settlement): Uint8Array {
  if (how === 'done') return ack;
  if (how === 'drop') return term;
  if (how.againInMs <= 0) return nak;
  return Buffer.from(`-NAK ${JSON.stringify({ delay: Math.min(Math.round(how.againInMs * 1e6), longestDelayNs) })}`);
}
