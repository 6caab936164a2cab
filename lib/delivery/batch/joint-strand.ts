import type { InFlightDelivery } from '../in-flight.js';
import { Strand } from '../strand.js';
import type { BatchTurns } from './batch-delivery.js';
import type { BatchMember } from './batch-member.js';

/** One order of calls, each of which may have several messages: it is over when it is for each of them. */
export class JointStrand extends Strand implements BatchTurns {
  /** Messages of the running call. */
  private members: readonly InFlightDelivery[] = [];
  /** How many of them the handler still has. */
  private handled = 0;

  override get moving(): number {
    return (this.calling && this.members.some(({ moves }) => moves)) || this.inTurn ? 1 : 0;
  }

  together(members: readonly BatchMember[]): void {
    this.members = members;
    this.handled = members.length;
  }

  override idle(): void {
    if (--this.handled === 0) super.idle();
  }

  protected override began(delivery: InFlightDelivery): void {
    super.began(delivery);
    this.members = [delivery];
    this.handled = 1;
  }
}
