import type { PublishReceipt } from '../driver/index.js';
import { asError, isMultiBrokerError } from '../errors/index.js';

/** A publish of the test itself: known at rest, or later where it waits for the clock. */
export class OwnPublish {
  receipt: PublishReceipt = {};
  /** What it failed with; not where a scripted crash has cut it off. */
  error: Error | undefined;
  isOver = false;
  /** Never rejects. */
  readonly over: Promise<void>;

  /** `life`: of the process that publishes. */
  constructor(publishing: Promise<PublishReceipt>, life: AbortSignal) {
    const good = (receipt: PublishReceipt): void => {
      this.receipt = receipt;
    };
    const bad = (thrown: unknown): void => {
      const error = asError(thrown);
      if (!life.aborted || !isStopped(error)) this.error = error;
    };
    this.over = publishing.then(good, bad).then(() => {
      this.isOver = true;
    });
  }
}

/** Those whose end a test has not seen. */
export class LatePublishes {
  readonly #late = new Set<OwnPublish>();

  add(publish: OwnPublish): void {
    this.#late.add(publish);
  }

  /** What they failed with, each told once. */
  takeErrors(): readonly Error[] {
    const over = [...this.#late].filter(({ isOver }) => isOver);
    for (const publish of over) this.#late.delete(publish);
    return over.flatMap(({ error }) => error ?? []);
  }

  clear(): void {
    this.#late.clear();
  }
}

function isStopped(error: Error): boolean {
  return isMultiBrokerError(error) && error.code === 'MULTI_BROKER_STOPPED';
}
