import type { ConsumerInfo } from '../connection/jetstream-port.js';
import type { ConsumerFacts, Place } from './consumer-config.js';

/**
 * Where a deleted consumer of `deliver: 'new'` goes on. Nobody gets what lies below the start of the one that is made in its
 * place, and the replica that makes it knows which messages it holds itself, but not what the others hold. The ack floor
 * covers all replicas. It is gone with the consumer, so it is looked up while there is one; an older floor is lower, which
 * repeats messages and passes over none.
 */
export class AckFloor {
  constructor(private facts: ConsumerFacts) {}

  /** The consumer was found, or made anew. */
  found(facts: ConsumerFacts): void {
    this.facts = facts;
  }

  /** @param lowest the lowest sequence that this replica may not have handled */
  place(lowest = Infinity): Place {
    const { streamCreated, ackFloor } = this.facts;
    return { streamCreated, nextSeq: Math.min(lowest, ackFloor + 1) };
  }

  /** The consumer was looked up. */
  seen({ created, ack_floor: floor }: Pick<ConsumerInfo, 'created' | 'ack_floor'>): void {
    if (created === this.facts.created) this.facts = { ...this.facts, ackFloor: floor.stream_seq };
  }
}
