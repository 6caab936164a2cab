import type { Intake, Sink } from '../driver/index.js';
import { abandon } from './abandoning.js';
import { FaultySink, type Script } from './faulty-sink.js';

/** What one subscribe reads, over connections that come and go. */
export class FaultyReading implements Intake {
  readonly #sink: FaultySink;
  #inner: Intake | undefined;
  #ended = false;
  /** How often it was lost. */
  #losses = 0;

  constructor(
    private readonly begin: (sink: Sink, signal: AbortSignal) => Promise<Intake>,
    private readonly closed: () => void,
    sink: Sink,
    script: Script,
  ) {
    this.#sink = new FaultySink(sink, script);
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.#ended) return;
    const losses = this.#losses;
    const inner = await this.begin(this.#sink, signal);
    // It may have been lost or left meanwhile.
    if (losses !== this.#losses) await abandon(inner);
    else if (this.#isOver()) await inner.close();
    else this.#inner = inner;
  }

  /** Its lanes end at once; what is unsettled comes again when the server finds out. */
  async lose(reason: Error): Promise<void> {
    this.#losses++;
    const inner = this.#inner;
    this.#inner = undefined;
    this.#sink.loseAll(reason);
    if (inner !== undefined) await abandon(inner);
  }

  async quiet(): Promise<void> {
    this.#ended = true;
    await this.#inner?.quiet();
  }

  async flush(): Promise<void> {
    await this.#inner?.flush();
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.closed();
    await this.#inner?.close();
  }

  #isOver(): boolean {
    return this.#ended;
  }
}
