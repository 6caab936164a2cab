import type { Intake } from '../../driver/index.js';
import type { Acks } from './acks.js';

/** One source that is being read. */
export interface Reader {
  /** Resolves when it may be read; rejects where it cannot. Nothing is taken from the server by that. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Begins to read, unless it was closed meanwhile. */
  start(): void;
  quiet(): Promise<void>;
  close(): Promise<void>;
  ailments(): readonly string[];
}

/** What one `subscribe` reads. */
export class NatsIntake implements Intake {
  constructor(
    private readonly readers: readonly Reader[],
    private readonly acks: Acks,
    private readonly closed: (intake: NatsIntake) => void,
  ) {}

  async quiet(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.quiet()));
  }

  flush(): Promise<void> {
    return this.acks.flush();
  }

  async close(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.close()));
    await this.acks.flush();
    this.closed(this);
  }

  ailments(): readonly string[] {
    return this.readers.flatMap((reader) => reader.ailments());
  }
}
