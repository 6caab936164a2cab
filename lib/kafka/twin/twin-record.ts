import { Arrived, type Receiver, type Stored } from '../../twin/index.js';
import type { Delivered } from '../driver/consumer/watermark.js';
import { positionOf } from './positions.js';
import { rawRecord } from './raw-record.js';

/** One delivery of a record: of a lane, and settled there or not. Kafka does not count deliveries. */
export class TwinRecord extends Arrived implements Delivered {
  settled = false;
  place = 0;

  constructor(
    stored: Stored,
    receiver: Receiver,
    private readonly partition: number,
    readonly offset: number,
  ) {
    super(stored, receiver);
  }

  get position(): string {
    return positionOf(this.address, this.partition, this.offset, this.timestamp);
  }

  /** As the driver counts it. */
  get size(): number {
    const { body, key } = this.stored;
    return (body?.length ?? 0) + (key?.length ?? 0);
  }

  get location(): string {
    return `${this.address}[${this.partition}]@${this.offset}`;
  }

  protected makeRaw(): unknown {
    return rawRecord(this.stored, this.partition, this.offset);
  }
}
