import { Arrived, type Stored } from '../../twin/index.js';
import type { Delivered } from '../driver/consumer/watermark.js';
import { positionOf } from './positions.js';
import { rawRecord } from './raw-record.js';

/** One delivery of a record: of a lane, and settled there or not. */
export class TwinRecord extends Arrived implements Delivered {
  settled = false;
  readonly offset: string;

  constructor(
    stored: Stored,
    partition: number,
    offset: number,
    reader: { readonly broker: string; readonly params: Readonly<Record<string, string>> | undefined },
  ) {
    super(stored, {
      broker: reader.broker,
      position: positionOf(stored.address, partition, offset, stored.timestamp),
      // Kafka does not count; what is tried again in place is counted by who does.
      deliveries: 1,
      params: reader.params,
      raw: () => rawRecord(stored, partition, offset),
    });
    this.offset = String(offset);
  }
}
