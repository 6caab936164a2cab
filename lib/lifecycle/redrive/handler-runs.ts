import { type Binding, type DeliveryHost, DeliverySink } from '../../delivery/index.js';
import type { Incoming, Lane, Settlement } from '../../driver/index.js';

/** Whether the handler has done with the message, its publishes included. */
export type RunOutcome = 'handled' | 'failed';

/**
 * Runs single messages through one binding: its filter, guards, pipes, retries and publishers, but neither its ack policy
 * nor its dead letter, as a letter that fails again, or that its handler parks again, stays where it is.
 */
export class HandlerRun implements Lane {
  readonly source: Lane['source'];
  readonly name: string;
  readonly redelivery = 'server';
  readonly backpressure = true;
  private readonly gone = new AbortController();
  private readonly sink: DeliverySink;
  private readonly waiting = new Map<Incoming, (outcome: RunOutcome) => void>();

  constructor(binding: Binding, host: DeliveryHost) {
    const { source, handler } = binding;
    this.source = source;
    this.name = `dead letters of ${handler}`;
    this.sink = new DeliverySink([onceMore(binding)], host);
    this.sink.opened(this);
  }

  get lost(): AbortSignal {
    return this.gone.signal;
  }

  run(message: Incoming): Promise<RunOutcome> {
    return new Promise((resolve) => {
      this.waiting.set(message, resolve);
      void this.sink.take(this, [message]);
    });
  }

  settle(message: Incoming, how: Settlement): void {
    this.over(message, how === 'ack' ? 'handled' : 'failed');
  }

  leftUnsettled(message: Incoming): void {
    this.over(message, 'failed');
  }

  /** No further attempt begins; one that runs ends by itself. */
  stop(): void {
    this.sink.stopCalling(false);
    // What has not begun is not settled any more.
    if (this.sink.waiting().length > 0) for (const message of this.waiting.keys()) this.over(message, 'failed');
  }

  /** Nothing settles any more. */
  close(): void {
    this.gone.abort();
  }

  private over(message: Incoming, outcome: RunOutcome): void {
    const resolve = this.waiting.get(message);
    this.waiting.delete(message);
    resolve?.(outcome);
  }
}

/** The binding for one message at a time, whose final failure is told and nothing else. */
function onceMore(binding: Binding): Binding {
  const { ack, batch, takers } = binding;
  return {
    ...binding,
    ack: ack === 'manual' ? ack : 'reject-on-error',
    batch: batch && { ...batch, maxSize: 1, maxWaitMs: 0 },
    takers: takers?.map((taker) => ({ ...taker, binding: onceMore(taker.binding) })),
    deadLetter: undefined,
    redrives: true,
    sideBySide: undefined,
    requests: undefined,
    reply: false,
  };
}

/** The runs of one redrive, one for each binding that has letters. */
export class HandlerRuns {
  private readonly runs = new Map<Binding, HandlerRun>();

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', this.stop, { once: true });
  }

  of(binding: Binding, host: DeliveryHost): HandlerRun {
    const run = this.runs.get(binding) ?? new HandlerRun(binding, host);
    this.runs.set(binding, run);
    return run;
  }

  close(): void {
    this.signal.removeEventListener('abort', this.stop);
    for (const run of this.runs.values()) run.close();
  }

  private readonly stop = (): void => {
    for (const run of this.runs.values()) run.stop();
  };
}
