import { Arrived, type Receiver, type Stored } from '../../twin/index.js';
import { positionOnSubject } from './positions.js';
import { rawMessage } from './raw-message.js';

/** One delivery of a message that nobody keeps. */
export class CoreArrival extends Arrived {
  constructor(
    stored: Stored,
    receiver: Receiver,
    /** What the server counts it as. */
    private readonly id: number,
  ) {
    super(stored, receiver);
  }

  get bytes(): number {
    const { address, body, replyTo = '' } = this.stored;
    return address.length + replyTo.length + (body?.length ?? 0);
  }

  /** As on the server: an empty body that nobody calls `null` may be either. */
  get emptyMayBeNull(): boolean {
    return this.stored.body?.length === 0;
  }

  get position(): string {
    return positionOnSubject(this.receiver.broker, this.address, this.id);
  }

  protected makeRaw(): unknown {
    return rawMessage(this.stored);
  }
}
