import { type Incoming, type Lane, LazyAbortController, type Settlement, type SourceSpec } from '../driver/index.js';
import { Duplicate } from './duplicate.js';

/** What a lane asks before it settles. */
export interface BeforeSettle {
  /** Whether the process is still alive afterwards. */
  survives(): boolean;
}

/** A lane of any kind that can be cut off in a moment, and that keeps duplicates from its driver. */
export class FaultyLane implements Lane {
  readonly extend?: NonNullable<Lane['extend']>;
  readonly leftUnsettled?: NonNullable<Lane['leftUnsettled']>;
  readonly forget?: NonNullable<Lane['forget']>;
  readonly demand?: NonNullable<Lane['demand']>;
  readonly #lost = new LazyAbortController();

  constructor(
    private readonly inner: Lane,
    private readonly process: BeforeSettle,
  ) {
    if ('extend' in inner) this.extend = this.#passedOn((message) => inner.extend?.(message));
    if ('leftUnsettled' in inner) this.leftUnsettled = this.#passedOn((message) => inner.leftUnsettled?.(message));
    if ('forget' in inner) this.forget = this.#passedOn((message) => inner.forget?.(message));
    if (inner.demand !== undefined) {
      this.demand = (messages) => {
        if (!this.#lost.aborted) inner.demand?.(messages);
      };
    }
  }

  get source(): SourceSpec {
    return this.inner.source;
  }

  get name(): string {
    return this.inner.name;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get again(): Lane['again'] {
    return this.inner.again;
  }

  get waits(): boolean {
    return this.inner.waits;
  }

  get pendingBytesLimit(): number | undefined {
    return this.inner.pendingBytesLimit;
  }

  get leaseMs(): number | undefined {
    return this.inner.leaseMs;
  }

  get maxPrefetch(): number | undefined {
    return this.inner.maxPrefetch;
  }

  get fullBy(): string | undefined {
    return this.inner.fullBy;
  }

  settle(message: Incoming, how: Settlement): void {
    if (this.#lost.aborted || !this.process.survives()) return;
    // The driver knows the message that it handed over, and no other.
    if (!(message instanceof Duplicate)) this.inner.settle(message, how);
  }

  #passedOn(call: (message: Incoming) => void): (message: Incoming) => void {
    return (message) => {
      if (!this.#lost.aborted && !(message instanceof Duplicate)) call(message);
    };
  }

  lose(reason: unknown): void {
    this.#lost.abort(() => reason);
  }
}
