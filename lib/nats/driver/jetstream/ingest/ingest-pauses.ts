import type { DriverContext } from '../../../../driver/index.js';

/** As long as a server waits for more of a batch by default, before it gives its place to another. */
const PAUSE_MS = 10_000;
/** Most streams whose pause is kept. */
const MAX_STREAMS = 10_000;

/**
 * Streams that get no batches for a while, as their server has too many of them: what is refused as a batch is written
 * once more, and each of its messages has an answer of its own.
 */
export class IngestPauses {
  private readonly until = new Map<string, number>();

  constructor(
    private readonly broker: string,
    private readonly io: Pick<DriverContext, 'clock' | 'log'>,
  ) {}

  begin(stream: string): void {
    const { until, io } = this;
    if (this.has(stream)) return;
    if (until.size >= MAX_STREAMS) until.clear();
    until.set(stream, io.clock.now() + PAUSE_MS);
    io.log.debug(
      `NATS '${this.broker}': the server has too many batches of fast ingest open for one more of stream ${stream}: ` +
        `publishing each message by itself for ${String(PAUSE_MS / 1_000)} s`,
    );
  }

  has(stream: string): boolean {
    const until = this.until.get(stream);
    if (until === undefined) return false;
    if (this.io.clock.now() < until) return true;
    this.until.delete(stream);
    return false;
  }
}
