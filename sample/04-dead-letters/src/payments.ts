import { Injectable, Logger } from '@nestjs/common';
import { Payload, Subscribe } from 'nestjs-multi-broker';

export interface Payment {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
}

@Injectable()
export class Payments {
  /** Currencies that it can book: what is missing here is the mistake that is mended later. */
  readonly currencies = new Set(['EUR']);
  readonly booked: string[] = [];
  private readonly logger = new Logger(Payments.name);

  @Subscribe('shop', 'sample-payments')
  book(@Payload() { id, amount, currency }: Payment): void {
    if (!this.currencies.has(currency)) throw new Error(`no account for ${currency}`);
    this.booked.push(id);
    this.logger.log(`booked ${amount} ${currency} of payment ${id}`);
  }
}
