import type { Finding } from '../../../driver/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import { createsStream, type StreamSourceSpec } from '../../source-spec.js';
import { subjectsOverlap } from '../../subject.js';
import { consumerDifferences } from '../jetstream/consumer-config.js';
import { noFastIngest } from '../jetstream/ingest/server-support.js';
import { clientCode, CONSUMER_NOT_FOUND, STREAM_NOT_FOUND } from '../jetstream/jetstream-api.js';
import { canMatch, findOrUndefined, streamDifferences, subjectsOf } from '../jetstream/stream-config.js';
import type { JetStreamManager, StreamInfo } from '../connection/jetstream-port.js';

/**
 * The findings of one durable and its stream.
 *
 * @param sources all of the broker: a start may create the stream for another one
 */
export async function streamFindings(
  jsm: JetStreamManager,
  spec: StreamSourceSpec,
  sources: readonly StreamSourceSpec[],
  serverVersion: string | undefined,
): Promise<readonly Finding[]> {
  const stream = { what: 'stream', name: spec.stream };
  try {
    const info = await findOrUndefined(() => jsm.streams.info(spec.stream), STREAM_NOT_FOUND);
    if (info === undefined) return missingStream(spec, sources, serverVersion);
    const differs = streamDifferences(info.config, spec);
    const found: Finding[] = differs === '' ? [] : [{ ...stream, problem: 'differs', text: differs }];
    return [...found, ...(await consumerFindings(jsm, spec, info))];
  } catch (thrown) {
    return [{ ...stream, problem: 'forbidden', text: unanswered(thrown, `STREAM.INFO.${spec.stream}`) }];
  }
}

function missingStream(
  spec: StreamSourceSpec,
  sources: readonly StreamSourceSpec[],
  serverVersion: string | undefined,
): readonly Finding[] {
  const { stream, consumer, subjects } = spec;
  const cannot = noFastIngest(spec, serverVersion);
  const created = { problem: 'missing', created: true } as const;
  const durable: Finding = {
    ...created,
    what: 'durable',
    name: `${consumer} of ${stream}`,
    text: 'a start creates it',
  };
  if (subjects !== undefined) {
    if (cannot !== undefined) return [{ problem: 'missing', what: 'stream', name: stream, text: cannot }];
    return [
      { ...created, what: 'stream', name: stream, text: `a start creates it on ${subjects.join(', ')}` },
      durable,
    ];
  }
  if (sources.some((other) => other.stream === stream && createsStream(other))) return [durable];
  return [{ problem: 'missing', what: 'stream', name: stream, text: 'the server does not have it' }];
}

async function consumerFindings(
  jsm: JetStreamManager,
  spec: StreamSourceSpec,
  { config }: StreamInfo,
): Promise<readonly Finding[]> {
  const { stream, consumer, filter } = spec;
  const durable = { what: 'durable', name: `${consumer} of ${stream}` };
  if (filter !== undefined && !(await canMatch(jsm, config, stream, filter))) {
    const subjects = subjectsOf(config).join(', ');
    return [{ ...durable, problem: 'differs', text: `its filter ${filter} matches none of the subjects ${subjects}` }];
  }
  try {
    const info = await findOrUndefined(() => jsm.consumers.info(stream, consumer), CONSUMER_NOT_FOUND);
    if (info === undefined) return [{ ...durable, problem: 'missing', text: 'a start creates it', created: true }];
    const differs = consumerDifferences(info.config, spec);
    return differs === '' ? [] : [{ ...durable, problem: 'differs', text: differs }];
  } catch (thrown) {
    return [{ ...durable, problem: 'forbidden', text: unanswered(thrown, `CONSUMER.INFO.${stream}.${consumer}`) }];
  }
}

/**
 * The finding of a destination that no stream captures, or another one than is expected.
 *
 * @param pattern of its subjects; undefined where there is none
 * @param sources a start creates their streams
 */
export async function destinationFinding(
  jsm: JetStreamManager,
  { subject, stream }: NatsDestinationSpec,
  pattern: string | undefined,
  sources: readonly StreamSourceSpec[],
): Promise<Finding | undefined> {
  const place = { what: 'subject', name: subject };
  if (pattern === undefined) {
    return { ...place, problem: 'unknown', text: 'no wildcard stands for all that {source} may be there' };
  }
  try {
    const names = await jsm.streams.names(pattern).next();
    if (stream === undefined ? names.length > 0 : names.includes(stream)) return undefined;
    if (names.length > 0) {
      return { ...place, problem: 'differs', text: `it is captured by ${names.join(', ')}, not by ${String(stream)}` };
    }
    const creator = sources.find((source) => isCaptured(pattern, source));
    if (creator === undefined) return { ...place, problem: 'missing', text: 'no stream captures it' };
    return { ...place, problem: 'missing', text: `a start creates its stream ${creator.stream}`, created: true };
  } catch (thrown) {
    // A start does without, so that this is no fault.
    return { ...place, problem: 'unknown', text: unanswered(thrown, 'STREAM.NAMES') };
  }
}

function isCaptured(subject: string, { subjects = [] }: StreamSourceSpec): boolean {
  return subjects.some((pattern) => subjectsOverlap(pattern, subject));
}

/** Why a question had no answer. Throws what is not a matter of permissions. */
function unanswered(thrown: unknown, api: string): string {
  if (clientCode(thrown) === 'PERMISSIONS_VIOLATION') return `this client may not ask for it (${api})`;
  throw thrown;
}
