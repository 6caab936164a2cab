import { errorOf, type MultiBrokerError, type PublishError, publishErrorOf } from '../errors/index.js';
import type { DestinationSpec, SourceSpec } from './addressing.js';
import type { Driver, DriverContext, Intake, Outcome, Sink } from './driver.js';
import type { Outgoing } from './message.js';
import { OpenReadings } from './open-readings.js';

/**
 * Base class of drivers whose server is in the process, such as twins: a call takes effect before it returns, so nothing
 * is ever in flight and no connection can be lost. It tracks the connection, the open intakes, and their end.
 *
 * `Server` is the object that exists from `connect` to `close`.
 */
export abstract class InProcessDriver<Server> implements Driver {
  private readonly intakes = new Set<Intake>();
  /** What is read by {@link Driver.kept}: the driver's `close()` ends it. */
  protected readonly readings = new OpenReadings(() => closed(this.broker));
  private reached: Server | undefined;

  constructor(protected readonly broker: string) {}

  /** Finds the server; drivers of one application meet in `context.shared`. */
  protected abstract reach(context: DriverContext): Server;

  /** Starts reading; when it throws, nothing of this call is left reading. */
  protected abstract read(
    server: Server,
    sources: readonly SourceSpec[],
    sink: Sink,
  ): readonly InProcessReader[] | Promise<readonly InProcessReader[]>;

  /** Like {@link Driver.publish}: outcome i belongs to message i. */
  protected abstract write(server: Server, to: DestinationSpec, batch: readonly Outgoing[]): readonly Outcome[];

  /** Undefined before `connect` and after `close`. */
  protected get server(): Server | undefined {
    return this.reached;
  }

  async connect(context: DriverContext, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.reached = this.reach(context);
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    signal.throwIfAborted();
    const readings = await this.read(this.connected(), sources, sink);
    const intake: Intake = new InProcessIntake(readings, () => {
      this.intakes.delete(intake);
    });
    this.intakes.add(intake);
    // Closed in the meantime: close() could not know this intake yet.
    if (this.reached === undefined) await intake.close();
    this.connected();
    return intake;
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    if (this.reached !== undefined) return this.write(this.reached, to, batch);
    return batch.map(() => ({ error: this.notConnected(to) }));
  }

  async close(): Promise<void> {
    for (const intake of this.intakes) await intake.close();
    this.reached = undefined;
    await this.readings.close();
  }

  native(): never {
    throw errorOf('MULTI_BROKER_NATIVE_UNAVAILABLE', { broker: this.broker });
  }

  private connected(): Server {
    if (this.reached === undefined) throw notConnected(this.broker);
    return this.reached;
  }

  /** The error of a message that is published while there is no server. */
  protected notConnected(to: DestinationSpec): PublishError {
    const params = { broker: this.broker, destination: to.name };
    return publishErrorOf('MULTI_BROKER_NOT_CONNECTED.noConnectionUnwritten', params, { written: 'no' });
  }
}

/** The error of a call before `connect` or after `close`. */
export function notConnected(broker: string): MultiBrokerError {
  return errorOf('MULTI_BROKER_NOT_CONNECTED.noConnection', { broker });
}

function closed(broker: string): MultiBrokerError {
  return errorOf('MULTI_BROKER_STOPPED.closed', { broker });
}

/** Reader of one or several sources of an in-process server. */
export interface InProcessReader {
  /** Stops handing messages over; settling continues. */
  stopFetching(): void;
  /** Ends its lanes and returns unsettled messages. */
  close(): void;
  /** See {@link Intake.lag}; undefined for a source of another reader. */
  lag?(source: SourceSpec): number | undefined;
  /** Ends as in a process crash: nothing is returned. Absent where `close` does the same. */
  abandon?(): void;
}

/** The intake of one `subscribe` of an {@link InProcessDriver}. */
export class InProcessIntake implements Intake {
  constructor(
    private readonly readings: readonly InProcessReader[],
    private readonly closed: () => void,
  ) {}

  async stopFetching(): Promise<void> {
    for (const reading of this.readings) reading.stopFetching();
  }

  async flush(): Promise<void> {
    // Settlements take effect immediately.
  }

  async close(): Promise<void> {
    for (const reading of this.readings) reading.close();
    this.closed();
  }

  async lag(source: SourceSpec): Promise<number | undefined> {
    for (const reading of this.readings) {
      const lag = reading.lag?.(source);
      if (lag !== undefined) return lag;
    }
    return undefined;
  }

  /** Ends all readers as in a process crash: see {@link InProcessReader.abandon}. */
  abandon(): void {
    for (const reading of this.readings) {
      if (reading.abandon === undefined) reading.close();
      else reading.abandon();
    }
    this.closed();
  }
}
