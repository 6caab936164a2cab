import { InProgress, nextTurn } from '../../../async/index.js';
import type { Outcome, Outgoing } from '../../../driver/index.js';
import { asError, phrase, type PublishError } from '../../../errors/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import type { Connection, Refusal } from '../connection/connection.js';
import type { PublishErrors } from '../connection/publish-errors.js';
import { type WireWriter, writeInChunks } from '../connection/wire-writer.js';

/** Messages confirmed by one PONG. */
interface Chunk {
  readonly subject: string;
  /** Indices of the messages that were written. */
  readonly written: number[];
  refused: boolean;
}

const CONFIRMED: Outcome = Object.freeze({ receipt: Object.freeze({}) });

/**
 * Core NATS publishes, confirmed by a PONG on the same TCP connection. The server sends a permissions violation before
 * that PONG, and names the subject in it.
 */
export class CorePublisher {
  private readonly open = new InProgress<Chunk>();

  constructor(
    private readonly connection: Connection,
    private readonly writer: WireWriter,
    private readonly errors: PublishErrors,
  ) {
    connection.listen({
      refused: (refusal) => this.refused(refusal),
    });
  }

  /** Never rejects. Once the connection is lost the rest of the batch is not written, which keeps its order. */
  async publish(
    to: NatsDestinationSpec,
    batch: readonly Outgoing[],
    written?: () => void,
  ): Promise<readonly Outcome[]> {
    const { epoch } = this.connection;
    const outcomes = new Array<Outcome>(batch.length);
    const reached = await writeInChunks<Chunk>(batch.length, {
      begin: () => (this.connection.up && this.connection.epoch === epoch ? this.begin(to) : undefined),
      write: (chunk, index) => this.write(to, batch, chunk, index, outcomes),
      end: (chunk) => {
        this.writer.send();
        return this.confirm(to, chunk, outcomes);
      },
      // Only a lost connection makes a retry, and that fails the next batch, too.
      written,
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
    const outcome: Outcome = failure === undefined ? CONFIRMED : { error: failure };
    for (const index of chunk.written) outcomes[index] = outcome;
  }

  private async failure(to: NatsDestinationSpec, chunk: Chunk): Promise<PublishError | undefined> {
    if (chunk.written.length === 0) return undefined;
    try {
      await this.connection.pong();
      // nats.js reports an error that precedes the PONG some microtasks after the PONG.
      await nextTurn();
    } catch (thrown) {
      const error = asError(thrown);
      if (!chunk.refused) return this.errors.unconfirmed(to, error.message, error);
    }
    return chunk.refused ? this.errors.refused(to, phrase('natsNoPermission')) : undefined;
  }

  private refused({ operation, subject }: Refusal): void {
    if (operation !== 'publish') return;
    for (const chunk of this.open) if (chunk.subject === subject) chunk.refused = true;
  }
}
