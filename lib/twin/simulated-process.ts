/** A part of a simulated process, such as a connection. */
export interface ProcessPart {
  /** The process has died. Synchronous: once it returns, the part does nothing any more. */
  killed(reason: Error): void;
}

/**
 * The process of one application, as its brokers' twins see it: it dies with all its connections at one moment, and may
 * restart. Parts of an earlier life stay dead.
 */
export class SimulatedProcess {
  private life = new AbortController();
  private readonly parts = new Set<ProcessPart>();

  /** Aborts, with the reason, when the process dies; {@link restart} replaces it. */
  get signal(): AbortSignal {
    return this.life.signal;
  }

  get isDead(): boolean {
    return this.signal.aborted;
  }

  /** Registers a part to be killed with the process; call the returned function when the part ends by itself. */
  register(mortal: ProcessPart): () => void {
    this.parts.add(mortal);
    return () => this.parts.delete(mortal);
  }

  kill(reason: Error): void {
    if (this.isDead) return;
    this.life.abort(reason);
    const mortals = [...this.parts];
    this.parts.clear();
    for (const mortal of mortals) mortal.killed(reason);
  }

  restart(): void {
    if (this.isDead) this.life = new AbortController();
  }
}
