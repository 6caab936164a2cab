import type { Sink } from '../../driver/index.js';
import { asError } from '../../errors/index.js';
import type { NatsSourceSpec } from '../source-spec.js';
import { CoreReader } from './core-reader.js';
import { NatsIntake, type Reader } from './intake.js';
import type { Session } from './session.js';
import { StreamReader } from './stream-reader.js';
import { turn } from './turn.js';

/** Starts reading all sources. Rejects with none of them left reading. */
export async function openIntake(
  session: Session,
  sources: readonly NatsSourceSpec[],
  sink: Sink,
  signal: AbortSignal,
  closed: (intake: NatsIntake) => void,
): Promise<NatsIntake> {
  const readers = sources.map((source) => makeReader(session, source, sink));
  try {
    await unlessAborted(signal, startAll(session, readers, signal));
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
): Reader {
  if (source.via === 'core') return new CoreReader(source, connection, io, sink);
  return new StreamReader(source, sink, { connection, api, acks, pullBytes, io, client, inboxPrefix });
}

/**
 * What is pulled for a call that fails would count as delivered, so nothing is before all of it may be read.
 */
async function startAll(session: Session, readers: readonly Reader[], signal: AbortSignal): Promise<void> {
  await Promise.all(readers.map((reader) => reader.prepare(signal)));
  const core = readers.filter((reader) => reader instanceof CoreReader);
  if (core.length > 0) await startCore(session, core);
  signal.throwIfAborted();
  for (const reader of readers) if (!(reader instanceof CoreReader)) reader.start();
}

/** One PONG tells that the server knows all core subscriptions; what it refused it has said before. */
async function startCore({ connection }: Session, core: readonly CoreReader[]): Promise<void> {
  let full: string | undefined;
  const stopListening = connection.listen({
    complained: (why) => {
      if (TOO_MANY.test(why)) full = why;
    },
  });
  try {
    for (const reader of core) reader.start();
    await connection.pong();
    await turn();
    const problem = core.map((reader) => reader.problem(full)).find((found) => found !== undefined);
    if (problem !== undefined) throw problem;
  } finally {
    stopListening();
  }
}

/** The server's limit of subscriptions for a connection or an account: it does not say which one it refuses. */
const TOO_MANY = /maximum subscriptions/i;

function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(asError(signal.reason));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
