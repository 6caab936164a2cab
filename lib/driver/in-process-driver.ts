import { MultiBrokerError, PublishError } from '../errors/index.js';
import type { DestinationSpec, SourceSpec } from './definition.js';
import type { Driver, Intake, Io, Outcome, Sink } from './driver.js';
import { InProcessIntake, type Reading } from './in-process-intake.js';
import type { Outgoing } from './message.js';

/**
 * A driver whose server is in the process, as a twin's is: a call has its effect before it returns, so nothing is ever
 * on its way, and nothing can be cut off. Here stands what all of those share: being connected or not, what is read,
 * and the end of both.
 *
 * `Server` is what there is from `connect` to `close`.
 */
export abstract class InProcessDriver<Server> implements Driver {
  readonly #intakes = new Set<Intake>();
  #server: Server | undefined;

  constructor(protected readonly broker: string) {}

  /** Finds the server; drivers of one application meet in `io.shared`. */
  protected abstract reach(io: Io): Server;

  /** Begins to read; throws with nothing of this call left reading. */
  protected abstract read(
    server: Server,
    sources: readonly SourceSpec[],
    sink: Sink,
  ): readonly Reading[] | Promise<readonly Reading[]>;

  /** As {@link Driver.publish}: outcome i is message i's. */
  protected abstract write(server: Server, to: DestinationSpec, batch: readonly Outgoing[]): readonly Outcome[];

  /** Undefined before `connect` and after `close`. */
  protected get server(): Server | undefined {
    return this.#server;
  }

  async connect(io: Io, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#server = this.reach(io);
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    signal.throwIfAborted();
    const readings = await this.read(this.#connected(), sources, sink);
    const intake: Intake = new InProcessIntake(readings, () => {
      this.#intakes.delete(intake);
    });
    this.#intakes.add(intake);
    // Closed meanwhile: that was of what was read then.
    if (this.#server === undefined) await intake.close();
    this.#connected();
    return intake;
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    if (this.#server !== undefined) return this.write(this.#server, to, batch);
    return batch.map(() => ({ error: this.notConnected(to) }));
  }

  async close(): Promise<void> {
    for (const intake of this.#intakes) await intake.close();
    this.#server = undefined;
  }

  native(): never {
    const what = `Broker '${this.broker}' is in memory`;
    throw new MultiBrokerError('MULTI_BROKER_NATIVE_UNAVAILABLE', what, { broker: this.broker });
  }

  #connected(): Server {
    const { broker } = this;
    if (this.#server === undefined) throw new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', gone(broker), { broker });
    return this.#server;
  }

  /** What a message gets that is written while there is no server. */
  protected notConnected(to: DestinationSpec): PublishError {
    const { broker } = this;
    const what = `${gone(broker)}; ${to.name} was not written`;
    return new PublishError('MULTI_BROKER_NOT_CONNECTED', what, { broker, written: 'no' });
  }
}

function gone(broker: string): string {
  return `Broker '${broker}' has no connection`;
}
