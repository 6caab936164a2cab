import type { Headers, Incoming, Lane, Settlement, SourceSpec } from '../../lib/driver/index.js';

export interface MessageFields {
  readonly body?: string | null;
  readonly key?: string;
  readonly headers?: Headers;
  readonly replyTo?: string;
  readonly deliveryCount?: number;
  readonly bytes?: number;
  readonly params?: Readonly<Record<string, string>>;
  readonly position?: string;
  readonly location?: string;
}

/** A message as a driver hands it over; counts how often its headers were asked for. */
export class FakeMessage implements Incoming {
  headersAsked = 0;
  readonly address = 'address';
  readonly timestamp = 1_000;
  readonly raw = { raw: true };
  readonly body: Uint8Array | null;
  readonly key: string | undefined;
  readonly replyTo: string | undefined;
  readonly deliveryCount: number;
  readonly bytes: number | undefined;
  readonly params: Readonly<Record<string, string>> | undefined;
  readonly position: string;
  readonly location: string | undefined;

  constructor(private readonly fields: MessageFields) {
    const { body = 'body', position } = fields;
    this.body = body === null ? null : Buffer.from(body);
    this.key = fields.key;
    this.replyTo = fields.replyTo;
    this.deliveryCount = fields.deliveryCount ?? 1;
    this.params = fields.params;
    this.bytes = fields.bytes;
    this.position = position ?? String(body);
    this.location = fields.location;
  }

  headers(): Headers {
    this.headersAsked++;
    return { ...this.fields.headers };
  }
}

/** Messages whose bodies and positions are the texts. */
export function messages(...bodies: readonly string[]): FakeMessage[] {
  return bodies.map((body) => new FakeMessage({ body }));
}

export const aSource: SourceSpec = { kind: 'fake', name: 'queue in', address: 'in', durable: true };

export type LaneFields = Partial<
  Pick<
    Lane,
    | 'redelivery'
    | 'backpressure'
    | 'readsOn'
    | 'leaseMs'
    | 'source'
    | 'name'
    | 'pendingBytesLimit'
    | 'maxPrefetch'
    | 'maxHeld'
  >
>;

/** A lane that remembers how each message was settled, and refuses what the port forbids. */
export class FakeLane implements Lane {
  readonly source: SourceSpec;
  readonly name: string;
  readonly redelivery: Lane['redelivery'];
  readonly backpressure: boolean;
  readonly readsOn: boolean | undefined;
  readonly pendingBytesLimit: number | undefined;
  readonly leaseMs: number | undefined;
  fullBy: string | undefined;
  /** In the order in which they were settled. */
  readonly settled: { readonly position: string; readonly how: Settlement }[] = [];
  readonly extended: string[] = [];
  readonly maxPrefetch: number | undefined;
  readonly maxHeld: number | undefined;
  /** What delivery asked for, in order; of a lane with `maxPrefetch`. */
  readonly demanded: number[] = [];
  readonly demand?: NonNullable<Lane['demand']>;
  readonly left: Incoming[] = [];
  readonly forgotten: Incoming[] = [];
  readonly #lost = new AbortController();
  readonly #known = new Set<Incoming>();

  constructor({
    source = aSource,
    name = 'in[0]',
    redelivery: again = 'in-place',
    backpressure: waits = true,
    readsOn,
    leaseMs,
    maxPrefetch,
    maxHeld,
    pendingBytesLimit,
  }: LaneFields = {}) {
    this.pendingBytesLimit = pendingBytesLimit;
    this.source = source;
    this.name = name;
    this.redelivery = again;
    this.backpressure = waits;
    this.readsOn = readsOn;
    this.leaseMs = leaseMs;
    this.maxPrefetch = maxPrefetch;
    this.maxHeld = maxHeld;
    if (maxPrefetch !== undefined) this.demand = (count) => void this.demanded.push(count);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  lose(): void {
    this.#lost.abort();
  }

  extend(message: Incoming): void {
    if (this.#known.has(message)) throw new Error(`${message.position} is extended after it was settled`);
    this.extended.push(message.position);
  }

  leftUnsettled(message: Incoming): void {
    this.left.push(message);
  }

  forget(message: Incoming): void {
    this.forgotten.push(message);
  }

  settle(message: Incoming, how: Settlement): void {
    if (this.lost.aborted) return;
    if (this.#known.has(message)) throw new Error(`${message.position} is settled twice`);
    if (this.redelivery === 'in-place' && typeof how === 'object')
      throw new Error('A lane that holds was asked to bring back');
    this.#known.add(message);
    this.settled.push({ position: message.position, how });
  }

  /** `position how`, in order. */
  get fates(): string[] {
    return this.settled.map(({ position, how }) => `${position} ${typeof how === 'object' ? how.redeliverInMs : how}`);
  }
}
