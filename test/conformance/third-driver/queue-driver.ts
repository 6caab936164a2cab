import {
  type DestinationSpec,
  InProcessDriver,
  type Io,
  type Outcome,
  type Outgoing,
  PublishError,
  type Sink,
  type SourceSpec,
} from 'nestjs-multi-broker/driver';
import type { QueueSpec } from './definition.js';
import { QueueLane } from './queue-lane.js';
import { StoredQueue } from './stored-queue.js';

const maxBytes = 1_048_576;

/** One broker's way to the queues. */
export class QueueDriver extends InProcessDriver<Io> {
  protected reach(io: Io): Io {
    return io;
  }

  protected read(io: Io, sources: readonly SourceSpec[], sink: Sink): readonly QueueLane[] {
    return (sources as readonly QueueSpec[]).map((source) => {
      const group = queueOf(io, source).group(source.group, source.fromEnd);
      return new QueueLane(source, group, sink, io.clock);
    });
  }

  protected write(io: Io, to: DestinationSpec, batch: readonly Outgoing[]): readonly Outcome[] {
    return batch.map((message) => {
      if ((message.body?.length ?? 0) > maxBytes) return { error: this.#tooLarge(to) };
      return { receipt: { position: queueOf(io, to).write(message) } };
    });
  }

  #tooLarge({ name }: DestinationSpec): PublishError {
    const what = `A message to ${name} has over ${maxBytes} bytes`;
    return new PublishError('MULTI_BROKER_PAYLOAD_TOO_LARGE', what, { broker: this.broker, written: 'no' });
  }
}

/** Brokers of one application meet here. */
function queueOf({ shared, clock }: Io, { name, address }: SourceSpec | DestinationSpec): StoredQueue {
  return shared(name, () => new StoredQueue(address, clock));
}
