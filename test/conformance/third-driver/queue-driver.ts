import {
  type DestinationSpec,
  type Driver,
  type Intake,
  type Io,
  type Outcome,
  type Outgoing,
  PublishError,
  type Sink,
  type SourceSpec,
} from 'nestjs-multi-broker/driver';
import type { QueueSpec } from './definition.js';
import { QueueLane } from './queue-lane.js';
import { QueueServer } from './queue-server.js';

const maxBytes = 1_048_576;

/** One broker's way to the queues. */
export class QueueDriver implements Driver {
  #server: QueueServer | undefined;
  #io: Io | undefined;
  readonly #lanes = new Set<QueueLane>();

  async connect(io: Io, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#io = io;
    this.#server = io.shared('queue server', () => new QueueServer(io.clock));
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    signal.throwIfAborted();
    const [io, server] = [this.#io!, this.#server!];
    const lanes = (sources as readonly QueueSpec[]).map((source) => {
      return new QueueLane(source, server.queue(source.address), sink, io.clock);
    });
    for (const lane of lanes) {
      this.#lanes.add(lane);
      lane.open();
    }
    return {
      quiet: async () => lanes.forEach((lane) => lane.quiet()),
      // A settlement takes effect in the call itself.
      flush: async () => {},
      close: async () => lanes.forEach((lane) => this.#leave(lane)),
    };
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    return batch.map((message) => this.#write(to, message));
  }

  async close(): Promise<void> {
    this.#server = undefined;
    for (const lane of this.#lanes) this.#leave(lane);
  }

  native(): unknown {
    return this.#server;
  }

  #write(to: DestinationSpec, message: Outgoing): Outcome {
    if (this.#server === undefined) return failed('MULTI_BROKER_NOT_CONNECTED', `${to.name} is closed`);
    if ((message.body?.length ?? 0) > maxBytes) {
      return failed('MULTI_BROKER_PAYLOAD_TOO_LARGE', `A message to ${to.name} has over ${String(maxBytes)} bytes`);
    }
    const { sequence } = this.#server.queue(to.address).write(message);
    return { receipt: { position: `${to.address}@${String(sequence)}` } };
  }

  #leave(lane: QueueLane): void {
    this.#lanes.delete(lane);
    lane.close();
  }
}

function failed(code: 'MULTI_BROKER_NOT_CONNECTED' | 'MULTI_BROKER_PAYLOAD_TOO_LARGE', what: string): Outcome {
  return { error: new PublishError(code, what, { written: 'no' }) };
}
