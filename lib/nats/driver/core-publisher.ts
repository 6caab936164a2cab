import type { Outcome, Outgoing } from '../../driver/index.js';
import { asError, type PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { writeInChunks } from './chunks.js';
import type { Connection, Refusal } from './connection.js';
import type { PublishErrors } from './publish-errors.js';
import { turn } from './turn.js';
import type { Writer } from './writer.js';

/** Messages that one PONG confirms. */
interface Chunk {
  readonly subject: string;
  /** The chunk's indices that were written. */
  readonly written: number[];
  refused: boolean;
}

const confirmed: Outcome = Object.freeze({ receipt: Object.freeze({}) });

/**
 * Core NATS publishes, confirmed by a PONG on the very connection that wrote them. A permission error is sent before
 * that PONG, and names the subject.
 */
export class CorePublisher {
  private readonly open = new Set<Chunk>();

  constructor(
    private readonly connection: Connection,
    private readonly writer: Writer,
    private readonly errors: PublishErrors,
  ) {
    connection.listen({
      refused: (refusal) => {
        this.refused(refusal);
      },
    });
  }

  /** Never rejects. Once the connection was lost nothing more of the batch is written, so that its order stays. */
  async publish(to: NatsDestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const { epoch } = this.connection;
    const outcomes = new Array<Outcome>(batch.length);
    const reached = await writeInChunks<Chunk>(batch.length, {
      begin: () => (this.connection.up && this.connection.epoch === epoch ? this.begin(to) : undefined),
      write: (chunk, index) => this.write(to, batch, chunk, index, outcomes),
      end: (chunk) => {
        this.writer.send();
        return this.confirm(to, chunk, outcomes);
      },
    });
    if (reached < batch.length) outcomes.fill({ error: this.errors.notConnected(to) }, reached);
    return outcomes;
  }

  private begin(to: NatsDestinationSpec): Chunk {
    const chunk = { subject: to.subject, written: [], refused: false };
    this.open.add(chunk);
    return chunk;
  }

  private write(
    to: NatsDestinationSpec,
    batch: readonly Outgoing[],
    chunk: Chunk,
    index: number,
    outcomes: Outcome[],
  ): number {
    const written = this.writer.write(to, batch[index] as Outgoing);
    if (typeof written !== 'number') {
      outcomes[index] = { error: written };
      return 0;
    }
    chunk.written.push(index);
    return written;
  }

  private async confirm(to: NatsDestinationSpec, chunk: Chunk, outcomes: Outcome[]): Promise<void> {
    const failure = await this.failure(to, chunk);
    this.open.delete(chunk);
    const outcome: Outcome = failure === undefined ? confirmed : { error: failure };
    for (const index of chunk.written) outcomes[index] = outcome;
  }

  private async failure(to: NatsDestinationSpec, chunk: Chunk): Promise<PublishError | undefined> {
    if (chunk.written.length === 0) return undefined;
    try {
      await this.connection.pong();
      // nats.js tells of the error before the PONG some microtasks later than of the PONG.
      await turn();
    } catch (thrown) {
      const error = asError(thrown);
      if (!chunk.refused) return this.errors.unconfirmed(to, error.message, error);
    }
    return chunk.refused ? this.errors.refused(to, 'this client has no permission to publish there') : undefined;
  }

  private refused({ operation, subject }: Refusal): void {
    if (operation !== 'publish') return;
    for (const chunk of this.open) if (chunk.subject === subject) chunk.refused = true;
  }
}
