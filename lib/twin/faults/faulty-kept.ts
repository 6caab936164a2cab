import type { Incoming, KeptMessages } from '../../driver/index.js';

/** What a source holds, read by a process that may be killed, and through a connection that may be lost. */
export class FaultyKept implements KeptMessages {
  constructor(
    private readonly inner: KeptMessages,
    /** Throws while nothing can be asked: then it hands over and settles nothing. */
    private readonly reached: () => void,
  ) {}

  get size(): number {
    return this.inner.size;
  }

  async next(signal: AbortSignal): Promise<Incoming | undefined> {
    this.reached();
    return this.inner.next(signal);
  }

  async done(message: Incoming): Promise<void> {
    this.reached();
    await this.inner.done(message);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
