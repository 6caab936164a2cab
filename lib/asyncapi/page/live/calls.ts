import { realNow } from '../../../async/index.js';
import type { DeliveryContext, DeliveryObserver, ObservedDelivery } from '../../../delivery/index.js';
import { lineWithCauses, withoutCredentials } from '../../../errors/index.js';

/** A message that waits for its next call after a failure. */
export interface HeldMessage {
  /** Where it is: `topic[partition]@offset`, or its id. */
  readonly message: string;
  /** Its id, as sentences of health name it. */
  readonly position: string;
  readonly lane: string;
  readonly attempt: number;
  readonly error: string;
  /** Times in milliseconds since 1970. */
  readonly since: number;
  readonly nextAt: number;
  /** Nothing of its lane or key is handled before it. */
  readonly holdsOthers: boolean;
}

/** A call that runs now. */
export interface RunningCall {
  readonly message: string;
  readonly since: number;
}

/** What has been seen of one handler's calls. */
export interface SeenCalls {
  readonly held: readonly HeldMessage[];
  /** The call that runs longest. */
  readonly longest: RunningCall | undefined;
  /** Calls that ended since the last look, and how long they took together, in milliseconds. */
  readonly ended: number;
  readonly tookMs: number;
}

/** What tells handlers apart here, as deliveries know no handle. */
export const callsKey = (one: { readonly handler: string; readonly broker: string; readonly source: string }): string =>
  `${one.handler}@${one.broker}/${one.source}`;

const keyOf = ({ binding: { handler, broker, source } }: ObservedDelivery): string =>
  callsKey({ handler, broker, source: source.address });

/** The most messages that are kept: the page is read by people. */
const MOST = 500;

interface Seen {
  held: Map<ObservedDelivery, HeldMessage>;
  running: Map<ObservedDelivery, { readonly at: number; readonly begun: number }>;
  ended: number;
  tookMs: number;
}

/** Watches calls while somebody looks at the page: what waits, what runs, and how long calls take. */
export class Calls implements DeliveryObserver {
  private readonly handlers = new Map<string, Seen>();
  private readonly errors = new WeakMap<ObservedDelivery, Error>();
  private readonly attempts = new WeakMap<ObservedDelivery, number>();

  /** @param now milliseconds since 1970, by the clock of the brokers */
  constructor(private readonly now: () => number) {}

  /** What has been seen of one handler; begins its next count of ended calls. */
  take(key: string): SeenCalls {
    const seen = this.handlers.get(key);
    if (seen === undefined) return { held: [], longest: undefined, ended: 0, tookMs: 0 };
    const [first] = seen.running;
    const longest = first && { message: nameOf(first[0]), since: first[1].at };
    const { ended, tookMs } = seen;
    seen.ended = seen.tookMs = 0;
    return { held: [...seen.held.values()], longest, ended, tookMs };
  }

  called(delivery: ObservedDelivery, { message }: DeliveryContext): void {
    this.attempts.set(delivery, message.attempt);
    const { running } = this.of(delivery);
    if (running.size < MOST) running.set(delivery, { at: this.now(), begun: realNow() });
  }

  callOver(delivery: ObservedDelivery): void {
    const seen = this.of(delivery);
    const call = seen.running.get(delivery);
    if (call === undefined) return;
    seen.running.delete(delivery);
    seen.ended++;
    seen.tookMs += realNow() - call.begun;
  }

  failed(delivery: ObservedDelivery, error: Error): void {
    this.errors.set(delivery, error);
  }

  waits(delivery: ObservedDelivery, what: 'retry' | 'hold', ms: number): void {
    const { held } = this.of(delivery);
    if (held.size >= MOST && !held.has(delivery)) return;
    const { incoming, lane } = delivery;
    const error = this.errors.get(delivery);
    held.set(delivery, {
      message: nameOf(delivery),
      position: incoming.position,
      lane: lane.name,
      attempt: this.attempts.get(delivery) ?? incoming.deliveryCount,
      error: error === undefined ? '' : withoutCredentials(lineWithCauses(error)).replace(/^Error: /, ''),
      since: held.get(delivery)?.since ?? this.now(),
      nextAt: this.now() + ms,
      holdsOthers: what === 'hold' || lane.redelivery === 'in-place',
    });
  }

  settled(delivery: ObservedDelivery): void {
    this.forget(delivery);
  }

  ended(delivery: ObservedDelivery): void {
    this.forget(delivery);
  }

  lost(delivery: ObservedDelivery): void {
    this.forget(delivery);
  }

  private forget(delivery: ObservedDelivery): void {
    const seen = this.of(delivery);
    seen.held.delete(delivery);
    seen.running.delete(delivery);
  }

  private of(delivery: ObservedDelivery): Seen {
    const key = keyOf(delivery);
    const seen = this.handlers.get(key) ?? { held: new Map(), running: new Map(), ended: 0, tookMs: 0 };
    this.handlers.set(key, seen);
    return seen;
  }
}

const nameOf = ({ incoming }: ObservedDelivery): string => incoming.location ?? incoming.position;
