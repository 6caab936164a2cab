import {
  type DestinationSpec,
  InProcessDriver,
  type DriverContext,
  type Outcome,
  type Outgoing,
  PublishError,
  type Sink,
  type SourceSpec,
} from 'nestjs-multi-broker/driver';
import type { QueueSpec } from './definition.js';
import { QueueLane } from './queue-lane.js';
import { StoredQueue } from './stored-queue.js';

const MAX_BYTES = 1_048_576;

/** One broker's way to the queues. */
export class QueueDriver extends InProcessDriver<DriverContext> {
  protected reach(context: DriverContext): DriverContext {
    return context;
  }

  protected read(context: DriverContext, sources: readonly SourceSpec[], sink: Sink): readonly QueueLane[] {
    return (sources as readonly QueueSpec[]).map((source) => {
      const group = queueOf(context, source).group(source.group, source.fromEnd);
      return new QueueLane(source, group, sink, context.clock);
    });
  }

  protected write(context: DriverContext, to: DestinationSpec, batch: readonly Outgoing[]): readonly Outcome[] {
    return batch.map((message) => {
      if ((message.body?.length ?? 0) > MAX_BYTES) return { error: this.tooLarge(to) };
      return { receipt: { position: queueOf(context, to).write(message) } };
    });
  }

  private tooLarge({ name }: DestinationSpec): PublishError {
    const what = `A message to ${name} has over ${MAX_BYTES} bytes`;
    return new PublishError('MULTI_BROKER_PAYLOAD_TOO_LARGE', what, { broker: this.broker, written: 'no' });
  }
}

/** Brokers of one application meet here. */
function queueOf({ shared, clock }: DriverContext, { name, address }: SourceSpec | DestinationSpec): StoredQueue {
  return shared(name, () => new StoredQueue(address, clock));
}
