import type { Sink } from '../../driver/index.js';
import { createsStream, type NatsSourceSpec } from '../source-spec.js';
import { CoreReader } from './core/core-reader.js';
import { NatsIntake, type SourceReader } from './intake.js';
import type { Session } from './session.js';
import { StreamReader } from './jetstream/stream-reader.js';
import { nextTurn, untilAborted } from '../../async/index.js';

/** Starts reading all sources. If it rejects, none of them is read. */
export async function openIntake(
  session: Session,
  sources: readonly NatsSourceSpec[],
  sink: Sink,
  signal: AbortSignal,
  closed: (intake: NatsIntake) => void,
): Promise<NatsIntake> {
  const readers = sources.map((source) => makeReader(session, source, sink));
  try {
    await untilAborted(startAll(session, readers, signal), signal);
  } catch (thrown) {
    await Promise.all(readers.map((reader) => reader.close()));
    throw thrown;
  }
  return new NatsIntake(readers, session.acks, closed);
}

function makeReader(
  { connection, api, acks, pullBytes, io, client, inboxPrefix }: Session,
  source: NatsSourceSpec,
  sink: Sink,
): SourceReader {
  if (source.via === 'core') return new CoreReader(source, connection, io, sink);
  return new StreamReader(source, sink, { connection, api, acks, pullBytes, io, client, inboxPrefix });
}

/**
 * Messages pulled for a call that then fails would count as delivered, so nothing is pulled before every source is
 * ready.
 */
async function startAll(session: Session, readers: readonly SourceReader[], signal: AbortSignal): Promise<void> {
  // A source that names no subjects may read the stream that another one creates.
  for (const creates of [true, false]) {
    const phase = readers.filter(({ spec }) => createsStream(spec) === creates);
    await Promise.all(phase.map((reader) => reader.prepare(signal)));
  }
  const core = readers.filter((reader) => reader instanceof CoreReader);
  if (core.length > 0) await startCore(session, core);
  signal.throwIfAborted();
  for (const reader of readers) if (!(reader instanceof CoreReader)) reader.start();
}

/** One PONG confirms that the server has read all subscriptions; it reports a refusal before that PONG. */
async function startCore({ connection, subscriptionLimit }: Session, core: readonly CoreReader[]): Promise<void> {
  const full = await subscriptionLimit.during(async () => {
    for (const reader of core) reader.start();
    await connection.pong();
    await nextTurn();
  });
  const problem = core.map((reader) => reader.problem(full)).find((found) => found !== undefined);
  if (problem !== undefined) throw problem;
}
