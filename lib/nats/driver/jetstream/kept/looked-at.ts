import { untilAborted } from '../../../../async/index.js';
import type { Headers, Incoming, KeptMessages, RawHeader } from '../../../../driver/index.js';
import { headersOf, keyOf, rawHeadersOf, saysNull } from '../../../header-names.js';
import type { StreamSourceSpec } from '../../../source-spec.js';
import { apiFailure, CONSUMER_NOT_FOUND } from '../jetstream-api.js';
import { findOrUndefined } from '../stream-config.js';
import type { JetStreamManager, StoredMsg } from '../../connection/jetstream-port.js';

/** nats-server errors.json: "no message found". */
const NO_MESSAGE = 10_037;

/**
 * Reads a stream message by message, without a consumer, which a work queue would refuse. It begins behind what the durable
 * has settled without a gap: the server tells nobody which messages beyond that are settled.
 */
export class LookedAt implements KeptMessages {
  private constructor(
    private readonly jsm: JetStreamManager,
    private readonly spec: StreamSourceSpec,
    private readonly broker: string,
    private seq: number,
    private readonly end: number,
    readonly size: number,
  ) {}

  static async open(jsm: JetStreamManager, spec: StreamSourceSpec, broker: string): Promise<LookedAt> {
    const { stream, consumer } = spec;
    const { state } = await jsm.streams.info(stream);
    const found = await findOrUndefined(() => jsm.consumers.info(stream, consumer), CONSUMER_NOT_FOUND);
    const first = Math.max(state.first_seq, (found?.ack_floor.stream_seq ?? 0) + 1);
    return new LookedAt(jsm, spec, broker, first, state.last_seq, state.messages);
  }

  async next(signal: AbortSignal): Promise<Incoming | undefined> {
    signal.throwIfAborted();
    if (this.seq > this.end) return undefined;
    const stored = await untilAborted(this.read(), signal);
    if (stored === undefined || stored.seq > this.end) return undefined;
    this.seq = stored.seq + 1;
    return new StoredMessage(stored, this.spec.stream, this.broker);
  }

  async done(): Promise<void> {
    // Nothing was taken.
  }

  async close(): Promise<void> {
    // Nothing was opened.
  }

  /** The next message from here on, over the gaps of deleted ones. */
  private async read(): Promise<StoredMsg | undefined> {
    const query = { seq: this.seq, next_by_subj: this.spec.filter ?? '>' };
    try {
      return (await this.jsm.streams.getMessage(this.spec.stream, query)) ?? undefined;
    } catch (thrown) {
      if (apiFailure(thrown)?.number === NO_MESSAGE) return undefined;
      throw thrown;
    }
  }
}

/** A message as the stream stores it. */
class StoredMessage implements Incoming {
  readonly deliveryCount = 1;

  constructor(
    readonly raw: StoredMsg,
    private readonly stream: string,
    private readonly broker: string,
  ) {}

  get body(): Uint8Array | null {
    const { data, header } = this.raw;
    return data.length === 0 && saysNull(header) ? null : data;
  }

  get emptyMayBeNull(): boolean {
    return this.raw.data.length === 0;
  }

  get key(): string | undefined {
    return keyOf(this.raw.header)?.toString();
  }

  get rawKey(): Buffer | undefined {
    const key = keyOf(this.raw.header);
    return typeof key === 'string' ? Buffer.from(key) : key;
  }

  headers(): Headers {
    return headersOf(this.raw.header);
  }

  rawHeaders(): readonly RawHeader[] {
    return rawHeadersOf(this.raw.header);
  }

  get address(): string {
    return this.raw.subject;
  }

  get timestamp(): number {
    return this.raw.time.getTime();
  }

  /** As a delivery has it: to the nanosecond. */
  get position(): string {
    return `nats:${this.broker}:${this.stream}:${this.raw.seq}:${nanoseconds(this.raw.timestamp)}`;
  }

  get location(): string {
    return `${this.stream}@${this.raw.seq}`;
  }
}

/** Of a time by RFC 3339, whose zeros at the end the server leaves out. */
function nanoseconds(time: string): string {
  const [, seconds = '', fraction = ''] = /^([^.Z+]+)(?:\.(\d+))?/.exec(time) ?? [];
  return `${BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))}`;
}
