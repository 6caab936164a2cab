import { untilAborted } from '../../async/index.js';
import type { Intake, SourceSpec } from '../../driver/index.js';
import type { NatsSourceSpec } from '../source-spec.js';
import type { Acks } from './jetstream/acks.js';

/** Reads one source: a core subscription or a durable consumer. */
export interface SourceReader {
  readonly spec: NatsSourceSpec;
  /** Resolves if the source can be read, else rejects. Fetches nothing yet. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Starts reading, unless it was closed in the meantime. */
  start(): void;
  stopFetching(): Promise<void>;
  close(): Promise<void>;
  healthIssues(): readonly string[];
  /** The messages that wait for a durable consumer, delivered or not; absent where the source keeps none. */
  lag?(): Promise<number>;
}

/** The sources of one `subscribe` call. */
export class NatsIntake implements Intake {
  constructor(
    private readonly readers: readonly SourceReader[],
    private readonly acks: Acks,
    private readonly closed: (intake: NatsIntake) => void,
  ) {}

  /** The names of what is read. */
  get sources(): string[] {
    return this.readers.map(({ spec }) => spec.name);
  }

  async stopFetching(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.stopFetching()));
  }

  flush(): Promise<void> {
    return this.acks.flush();
  }

  async close(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.close()));
    await this.acks.flush();
    this.closed(this);
  }

  async lag(source: SourceSpec, signal: AbortSignal): Promise<number | undefined> {
    const reader = this.readers.find(({ spec }) => spec === source);
    return reader?.lag && untilAborted(reader.lag(), signal);
  }

  healthIssues(): readonly string[] {
    return this.readers.flatMap((reader) => reader.healthIssues());
  }
}
