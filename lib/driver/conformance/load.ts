import type { DestinationSpec } from '../addressing.js';
import type { Driver } from '../driver.js';
import type { Outgoing } from '../message.js';
import type { Bench } from './bench.js';

/** Publishes one message after another until `end()`, and records which were confirmed. */
export class Load {
  /** Numbers of the confirmed messages. */
  readonly confirmed: number[] = [];
  private readonly running: Promise<void>;
  private going = true;

  constructor(bench: Bench, driver: Driver, to: DestinationSpec, message: (number: number) => Outgoing) {
    this.running = this.run(bench, (number) => bench.tryPublish(driver, to, message(number)));
    // end() reports the rejection.
    this.running.catch(() => undefined);
  }

  end(): Promise<void> {
    this.going = false;
    return this.running;
  }

  private async run(bench: Bench, publish: (number: number) => ReturnType<Bench['tryPublish']>): Promise<void> {
    for (let number = 0; this.going; number++) {
      const [outcome] = await publish(number);
      if (outcome !== undefined && 'receipt' in outcome) this.confirmed.push(number);
      await bench.breathe();
    }
  }
}
