import type { DestinationSpec } from '../definition.js';
import type { Driver } from '../driver.js';
import type { Outgoing } from '../message.js';
import type { Bench } from './bench.js';

/** Publishes one message after the other until it is ended, and remembers which were confirmed. */
export class Load {
  /** Numbers of the messages. */
  readonly confirmed: number[] = [];
  readonly #running: Promise<void>;
  #going = true;

  constructor(bench: Bench, driver: Driver, to: DestinationSpec, message: (number: number) => Outgoing) {
    this.#running = this.#run(bench, (number) => bench.tryPublish(driver, to, message(number)));
    // Told by end().
    this.#running.catch(() => undefined);
  }

  end(): Promise<void> {
    this.#going = false;
    return this.#running;
  }

  async #run(bench: Bench, publish: (number: number) => ReturnType<Bench['tryPublish']>): Promise<void> {
    for (let number = 0; this.#going; number++) {
      const [outcome] = await publish(number);
      if (outcome !== undefined && 'receipt' in outcome) this.confirmed.push(number);
      await bench.breathe();
    }
  }
}
