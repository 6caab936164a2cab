/** Runs a limited number of tasks at a time, in order. */
export class Slots {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly count: number) {}

  /** The task never rejects. */
  async run(task: () => Promise<void>): Promise<void> {
    if (this.running >= this.count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    await task();
    const next = this.waiting.shift();
    if (next === undefined) this.running--;
    else next();
  }
}
