import type {
  DestinationSpec,
  Driver,
  Intake,
  DriverContext,
  Outcome,
  Outgoing,
  Sink,
  SourceSpec,
} from '../../lib/driver/index.js';
import { type ErrorCode, PublishError } from '../../lib/errors/index.js';

/** One call of `publish`, open until the test answers it. */
export interface Write {
  readonly to: DestinationSpec;
  readonly batch: readonly Outgoing[];
  /** The texts of the bodies. */
  readonly bodies: readonly string[];
  confirm(): void;
  /** All of it is written: another call may follow. */
  onItsWay(): void;
  answer(outcomes: readonly Outcome[]): void;
  reject(error: Error): void;
}

export const confirmed: Outcome = { receipt: { position: 'out@1' } };

export function refused(
  retryable: boolean,
  code: ErrorCode = retryable ? 'MULTI_BROKER_PUBLISH_UNCONFIRMED' : 'MULTI_BROKER_PUBLISH_REJECTED',
): Outcome {
  return { error: new PublishError(code, 'not written', { retryable, written: 'no' }) };
}

/** A driver whose answers are the test's: publishes are confirmed at once, unless `hold` keeps them open. */
export class FakeDriver implements Driver {
  /** True: each call of `publish` waits in `writes` for its answer. */
  hold = false;
  /** What a call is answered with, message by message; asked while `hold` is false. */
  outcome: (message: Outgoing, to: DestinationSpec) => Outcome = () => confirmed;
  /** What was asked of it, in order. */
  readonly events: string[] = [];
  readonly writes: Write[] = [];
  readonly intakes: FakeIntake[] = [];
  io: DriverContext | undefined;
  /** What each step waits for; rejecting fails it. */
  readonly gates: {
    connect?: (signal: AbortSignal) => Promise<void>;
    subscribe?: (sources: readonly SourceSpec[], signal: AbortSignal, sink: Sink) => Promise<void>;
    quiet?: () => Promise<void>;
    flush?: () => Promise<void>;
    leave?: () => Promise<void>;
    close?: () => Promise<void>;
  } = {};
  sick: readonly string[] = [];
  request?: NonNullable<Driver['request']>;

  constructor(
    readonly name = 'fake',
    /** Shared by drivers whose order is looked at. */
    private readonly log: (event: string) => void = () => {},
  ) {}

  async connect(io: DriverContext, signal: AbortSignal): Promise<void> {
    this.event('connect');
    await this.gates.connect?.(signal);
    this.io = io;
    this.event('connected');
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    const names = sources.map(({ address }) => address).join('+');
    this.event(`subscribe ${names}`);
    await this.gates.subscribe?.(sources, signal, sink);
    this.event(`subscribed ${names}`);
    const intake = new FakeIntake(names, sources, sink, this);
    this.intakes.push(intake);
    return intake;
  }

  publish(to: DestinationSpec, batch: readonly Outgoing[], written?: () => void): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      const write = {
        to,
        batch,
        bodies: batch.map(({ body }) => (body === null ? '' : Buffer.from(body).toString())),
        confirm: () => resolve(batch.map(() => confirmed)),
        onItsWay: () => written?.(),
        answer: resolve,
        reject,
      };
      this.writes.push(write);
      if (!this.hold) resolve(batch.map((message) => this.outcome(message, to)));
    });
  }

  healthIssues(): readonly string[] {
    return this.sick;
  }

  async close(): Promise<void> {
    this.event('close');
    await this.gates.close?.();
  }

  native(): unknown {
    return 'the client';
  }

  /** All that was written, in order. */
  get written(): readonly string[] {
    return this.writes.flatMap(({ bodies }) => bodies);
  }

  event(what: string): void {
    this.events.push(what);
    this.log(`${this.name}: ${what}`);
  }
}

/** What one `subscribe` reads; the test hands messages to its sink. */
export class FakeIntake implements Intake {
  isClosed = false;

  constructor(
    private readonly names: string,
    readonly sources: readonly SourceSpec[],
    readonly sink: Sink,
    private readonly driver: FakeDriver,
  ) {}

  async stopFetching(): Promise<void> {
    this.driver.event(`quiet ${this.names}`);
    await this.driver.gates.quiet?.();
  }

  async flush(): Promise<void> {
    this.driver.event(`flush ${this.names}`);
    await this.driver.gates.flush?.();
  }

  async close(): Promise<void> {
    this.driver.event(`leave ${this.names}`);
    this.isClosed = true;
    await this.driver.gates.leave?.();
  }
}
