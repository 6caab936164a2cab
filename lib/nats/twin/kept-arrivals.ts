import type { Incoming, KeptAccess, KeptMessages } from '../../driver/index.js';
import { reaches } from '../../twin/index.js';
import { subjectMatches } from '../subject.js';
import type { StreamSourceSpec } from '../source-spec.js';
import { StreamArrival } from './arrivals.js';
import type { PullReader, TwinConsumer } from './twin-consumer.js';
import type { TwinStream } from './twin-stream.js';
import { ensureConsumer, subscribeError } from '../driver/jetstream/consumer-config.js';
import { twinManager } from './jetstream-manager.js';
import type { TwinServer } from './twin-server.js';

/** What a stream holds, taken through a durable of its own. */
export class KeptArrivals implements KeptMessages, PullReader {
  readonly size: number;
  private readonly end: number;
  private readonly unsettled = new Set<number>();
  /** Asks for one at a time. */
  readonly free = false;

  constructor(
    private readonly stream: TwinStream,
    private readonly consumer: TwinConsumer,
  ) {
    const { pending, ackPending } = consumer.progress();
    this.size = pending + ackPending;
    this.end = stream.log.end;
    consumer.join(this);
  }

  wake(): void {
    // It asks by itself.
  }

  holds(seq: number): boolean {
    return this.unsettled.has(seq);
  }

  worksOn(seq: number): boolean {
    return this.unsettled.has(seq);
  }

  async next(signal: AbortSignal): Promise<Incoming | undefined> {
    signal.throwIfAborted();
    const [handout] = this.consumer.pull(this, 1);
    if (handout === undefined) return undefined;
    this.unsettled.add(handout.seq);
    if (handout.seq >= this.end) return undefined;
    return new StreamArrival(handout, { broker: this.consumer.broker, params: undefined }, this.stream.name);
  }

  async done(message: Incoming): Promise<void> {
    if (!(message instanceof StreamArrival) || !this.unsettled.delete(message.seq)) return;
    this.consumer.done(message.seq);
  }

  async close(): Promise<void> {
    this.consumer.leave(this, this.unsettled);
    this.unsettled.clear();
  }
}

/** What a stream holds from where a durable stands, without taking any. */
export class SeenArrivals implements KeptMessages {
  readonly size: number;
  private readonly messages: IterableIterator<StreamArrival>;

  constructor(spec: StreamSourceSpec, stream: TwinStream, broker: string) {
    const all = [...seen(spec, stream, broker)];
    this.size = all.length;
    this.messages = all.values();
  }

  async next(signal: AbortSignal): Promise<Incoming | undefined> {
    signal.throwIfAborted();
    const { value } = this.messages.next() as IteratorResult<StreamArrival, undefined>;
    return value;
  }

  async done(): Promise<void> {
    // Nothing was taken.
  }

  async close(): Promise<void> {
    // Nothing was opened.
  }
}

function* seen({ filter, consumer }: StreamSourceSpec, stream: TwinStream, broker: string): Iterable<StreamArrival> {
  const { log } = stream;
  const floor = stream.consumer(broker, consumer)?.progress().ackFloor ?? 0;
  for (let seq = Math.max(log.first, floor + 1); seq < log.end; seq++) {
    const stored = log.at(seq);
    if (stored === undefined || !reaches(stored, broker)) continue;
    if (filter !== undefined && !subjectMatches(filter, stored.address)) continue;
    yield new StreamArrival({ seq, stored, deliveries: 1 }, { broker, params: undefined }, stream.name);
  }
}

/** As the driver does: only what is taken has a durable. */
export async function openKept(
  spec: StreamSourceSpec,
  access: KeptAccess,
  server: TwinServer,
  broker: string,
): Promise<KeptMessages> {
  try {
    const manager = twinManager(server, broker);
    if (access === 'take') await ensureConsumer(manager, spec, { broker });
    else await manager.streams.info(spec.stream);
  } catch (thrown) {
    throw subscribeError(thrown, spec, broker);
  }
  const stream = server.stream(spec.stream);
  if (stream === undefined) throw new Error(`${spec.name} was found and is not there`);
  if (access === 'look') return new SeenArrivals(spec, stream, broker);
  const consumer = stream.consumer(broker, spec.consumer);
  if (consumer === undefined) throw new Error(`${spec.name} was made and is not there`);
  return new KeptArrivals(stream, consumer);
}
