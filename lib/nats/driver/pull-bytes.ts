/** Most bytes that the server may have on their way to one connection, over all its durables. */
const MOST_PER_CONNECTION = 16_777_216;
const MOST_PER_DURABLE = 8_388_608;
const LEAST_PER_DURABLE = 262_144;

/**
 * How many bytes each durable of a connection may ask for. The server keeps what a connection has not read yet, and
 * cuts one off for which it would keep more than its `max_pending`, 64 MB unless it is told otherwise: with the
 * connection go core messages and publishes that are under way. 600 messages of 500 kB, pulled by number alone, were
 * cut off four times.
 */
export class PullBytes {
  private durables = 0;

  /** A durable begins to read; the returned function, called once, ends it. */
  join(): () => void {
    this.durables++;
    return () => {
      this.durables--;
    };
  }

  /** For each durable. */
  get share(): number {
    const share = Math.floor(MOST_PER_CONNECTION / Math.max(1, this.durables));
    return Math.min(MOST_PER_DURABLE, Math.max(LEAST_PER_DURABLE, share));
  }
}
