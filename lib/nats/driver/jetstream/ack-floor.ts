import { type Clock, sleep } from '../../../async/index.js';
import type { StreamSourceSpec } from '../../source-spec.js';
import type { Connection } from '../connection/connection.js';
import type { ConsumerFacts, Place } from './consumer-config.js';
import type { JetStreamApi } from './jetstream-api.js';

/** The consumer's info is requested this often: what was settled since is repeated if the consumer is deleted. */
const LOOK_EVERY_MS = 5_000;

/**
 * Where a deleted consumer of `deliver: 'new'` goes on. Nobody gets what lies below the start of the one that is made in its
 * place, and the replica that makes it knows which messages it holds itself, but not what the others hold. The ack floor
 * covers all replicas. It is gone with the consumer, so it is looked up while there is one; an older floor is lower, which
 * repeats messages and passes over none.
 */
export class AckFloor {
  private readonly follows: boolean;

  constructor(
    private readonly spec: StreamSourceSpec,
    private readonly parts: { readonly connection: Connection; readonly api: JetStreamApi; readonly clock: Clock },
    private facts: ConsumerFacts,
  ) {
    this.follows = spec.options.deliver === 'new';
  }

  /** The consumer was found, or made anew. */
  found(facts: ConsumerFacts): void {
    this.facts = facts;
  }

  /** @param lowest the lowest sequence that this replica may not have handled */
  place(lowest = Infinity): Place {
    const { streamCreated, ackFloor } = this.facts;
    return { streamCreated, nextSeq: Math.min(lowest, ackFloor + 1) };
  }

  async watch(signal: AbortSignal): Promise<void> {
    if (!this.follows) return;
    for (;;) {
      await sleep(this.parts.clock, LOOK_EVERY_MS, signal, 'ack floor');
      if (signal.aborted) return;
      // nats.js would keep the request until it is connected again.
      if (this.parts.connection.up) await this.look();
    }
  }

  private async look(): Promise<void> {
    try {
      const jsm = await this.parts.api.manager();
      const { created, ack_floor: floor } = await jsm.consumers.info(this.spec.stream, this.spec.consumer);
      if (created === this.facts.created) this.facts = { ...this.facts, ackFloor: floor.stream_seq };
    } catch {
      // The puller detects problems of the consumer itself.
    }
  }
}
