/** What grows is followed within some messages, what shrinks within some dozens. */
const UP = 4;
const DOWN = 32;

/** How large the messages of a durable are, as far as they have come: number and bytes of a pull are made of it. */
export class MessageSizes {
  private average = 1;

  add(bytes: number): void {
    this.average += (bytes - this.average) / (bytes > this.average ? UP : DOWN);
  }

  /** How many of them these bytes hold, at least one. */
  countIn(bytes: number): number {
    return Math.max(1, Math.floor(bytes / this.average));
  }
}
