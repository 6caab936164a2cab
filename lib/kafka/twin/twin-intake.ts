import type { Intake } from '../../driver/index.js';
import type { GroupConsumer } from './group-consumer.js';

/** The consumers of one `subscribe`. */
export class TwinIntake implements Intake {
  constructor(
    private readonly consumers: readonly GroupConsumer[],
    private readonly closed: () => void,
  ) {}

  quiet(): Promise<void> {
    for (const consumer of this.consumers) consumer.quiet();
    return Promise.resolve();
  }

  /** A settlement reaches the bus at once. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    for (const consumer of this.consumers) consumer.close();
    this.closed();
    return Promise.resolve();
  }
}
