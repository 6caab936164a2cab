import type { Intake, Sink, SourceSpec } from '../../driver/index.js';
import { FaultySink, type Script } from './faulty-sink.js';

/** The sources of one subscribe call, over connections that are dropped and restored. */
export class FaultyIntake implements Intake {
  private readonly sink: FaultySink;
  private inner: Intake | undefined;
  private ended = false;
  /** Number of times it was lost. */
  private losses = 0;

  constructor(
    private readonly begin: (sink: Sink, signal: AbortSignal) => Promise<Intake>,
    private readonly closed: () => void,
    sink: Sink,
    script: Script,
  ) {
    this.sink = new FaultySink(sink, script);
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.ended) return;
    const losses = this.losses;
    const inner = await this.begin(this.sink, signal);
    // It may have been lost or closed in the meantime.
    if (losses !== this.losses) await abandon(inner);
    else if (this.isOver()) await inner.close();
    else this.inner = inner;
  }

  /** Ends its lanes at once; unsettled messages are redelivered once the server notices. */
  async lose(reason: Error): Promise<void> {
    this.losses++;
    const inner = this.inner;
    this.inner = undefined;
    this.sink.loseAll(reason);
    if (inner !== undefined) await abandon(inner);
  }

  async stopFetching(): Promise<void> {
    this.ended = true;
    await this.inner?.stopFetching();
  }

  async flush(): Promise<void> {
    await this.inner?.flush();
  }

  async close(): Promise<void> {
    this.ended = true;
    this.closed();
    await this.inner?.close();
  }

  async lag(source: SourceSpec, signal: AbortSignal): Promise<number | undefined> {
    if (this.inner === undefined) throw new Error('there is no connection');
    return this.inner.lag?.(source, signal);
  }

  private isOver(): boolean {
    return this.ended;
  }
}

/** An optional method of a twin's intake, beyond the driver port: to end like a process that dies. */
interface Abandoning {
  /**
   * Stops synchronously, without a nak: unsettled messages are redelivered once the server notices. An intake without
   * this method is closed.
   */
  abandon(): void;
}

/** Ends an intake whose connection or process is gone. */
export async function abandon(intake: Intake): Promise<void> {
  if (isAbandoning(intake)) intake.abandon();
  else await intake.close();
}

function isAbandoning(intake: Intake & Partial<Abandoning>): intake is Intake & Abandoning {
  return typeof intake.abandon === 'function';
}
