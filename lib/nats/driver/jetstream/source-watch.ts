import { type Clock, sleep } from '../../../async/index.js';
import type { StreamSourceSpec } from '../../source-spec.js';
import type { Connection } from '../connection/connection.js';
import type { ConsumerInfo, StreamInfo } from '../connection/jetstream-port.js';
import type { JetStreamApi } from './jetstream-api.js';

/** How late a change on the server is noticed. */
const LOOK_EVERY_MS = 10_000;
/** With `deliver: 'new'` what was settled since the last look is repeated if the consumer is deleted. */
const LOOK_OFTEN_MS = 5_000;

/** Collaborators of {@link watchSource}. */
export interface ConsumerWatchParts {
  readonly connection: Pick<Connection, 'up'>;
  readonly api: Pick<JetStreamApi, 'manager'>;
  readonly clock: Clock;
}

/** Is told of each look. */
export interface SourceLooks {
  consumer(info: ConsumerInfo): void;
  stream(info: StreamInfo): void;
}

/**
 * Looks up a consumer and its stream while it is read: the server tells no reader that they were changed. One whose filter
 * was narrowed, or whose stream captures other subjects, goes on answering pulls by heartbeats (nats-server 2.15), as if
 * there were no messages.
 */
export async function watchSource(
  { stream, consumer, options }: StreamSourceSpec,
  { connection, api, clock }: ConsumerWatchParts,
  looks: SourceLooks,
  signal: AbortSignal,
): Promise<void> {
  const everyMs = options.deliver === 'new' ? LOOK_OFTEN_MS : LOOK_EVERY_MS;
  for (;;) {
    await sleep(clock, everyMs, signal, 'consumer look');
    if (signal.aborted) return;
    // nats.js would keep the request until it is connected again.
    if (!connection.up) continue;
    try {
      const jsm = await api.manager();
      looks.consumer(await jsm.consumers.info(stream, consumer));
      looks.stream(await jsm.streams.info(stream));
    } catch {
      // The puller detects problems of the consumer itself.
    }
  }
}
