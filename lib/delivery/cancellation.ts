/**
 * Why a delivery, or its running attempt alone, was cut off, and the signals to abort. Made on demand: most deliveries
 * have none.
 */
export class Cancellation {
  /** Of the whole delivery: its lane is lost, or its message was redelivered. */
  private whole: Error | undefined;
  private ofAttempt: Error | undefined;
  private controllers: AbortController[] = [];

  /** The error that the signal of the running attempt aborts with. */
  get reason(): Error | undefined {
    return this.whole ?? this.ofAttempt;
  }

  /** The next attempt has signals of its own. */
  nextAttempt(): void {
    this.ofAttempt = undefined;
    this.controllers = [];
  }

  watch(controller: AbortController): void {
    this.controllers.push(controller);
  }

  cut(reason: Error): void {
    this.whole ??= reason;
    this.abort(reason);
  }

  /** False: it was cut before. */
  cutAttempt(reason: Error): boolean {
    if (this.ofAttempt !== undefined) return false;
    this.ofAttempt = reason;
    this.abort(reason);
    return true;
  }

  private abort(reason: Error): void {
    for (const controller of this.controllers) controller.abort(reason);
  }
}
