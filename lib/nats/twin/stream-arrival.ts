import { Arrived, type Receiver } from '../../twin/index.js';
import { positionInStream } from './positions.js';
import { rawMessage } from './raw-message.js';
import type { Handout } from './twin-consumer.js';

/** One delivery of a stream's message. */
export class StreamArrival extends Arrived {
  readonly seq: number;

  constructor(
    { stored, deliveries, seq }: Handout,
    receiver: Receiver,
    private readonly stream: string,
  ) {
    super(stored, receiver, deliveries);
    this.seq = seq;
  }

  /** As on the server: an empty body that nobody calls `null` may be either. */
  get emptyMayBeNull(): boolean {
    return this.stored.body?.length === 0;
  }

  get position(): string {
    return positionInStream(this.receiver.broker, this.stream, this.seq, this.timestamp);
  }

  get location(): string {
    return `${this.stream}@${this.seq}`;
  }

  protected makeRaw(): unknown {
    return rawMessage(this.stored, { stream: this.stream, seq: this.seq });
  }
}
