/** Runs asynchronous steps one after another: a stop waits for the start that is under way (kafkajs #967, #1639). */
export class Serial {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(step: () => Promise<T>): Promise<T> {
    const result = this.last.then(step);
    this.last = result.catch(() => undefined);
    return result;
  }
}
