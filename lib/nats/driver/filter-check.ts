import type { JetStreamManager, StreamConfig } from 'nats';

import { MultiBrokerError } from '../../errors/index.js';
import type { StreamSourceSpec } from '../source-spec.js';
import { subjectsOverlap } from '../subject-match.js';
import { subjectsOf } from './compare.js';

/** As newer servers have it: what is stored may have another subject than was published. */
type Subjects = Pick<StreamConfig, 'subjects' | 'mirror' | 'sources' | 'subject_transform'>;

/**
 * Throws MULTI_BROKER_STREAM_MISMATCH where the filter of a source can match nothing that its stream holds or will
 * hold: nats-server 2.10 and later make such a consumer without a word, and nothing ever comes.
 */
export async function checkFilter(
  jsm: JetStreamManager,
  config: Partial<Subjects>,
  { stream, consumer, filter }: StreamSourceSpec,
  broker: string,
): Promise<void> {
  if (filter === undefined || mayMatch(config, filter) || (await holdsSome(jsm, stream, filter))) return;
  const subjects = subjectsOf(config).join(', ');
  const what = `The filter '${filter}' of durable '${consumer}' on broker '${broker}' matches no subject of stream ${stream} (${subjects}): nothing would ever come`;
  throw new MultiBrokerError('MULTI_BROKER_STREAM_MISMATCH', what, { broker });
}

function mayMatch(config: Partial<Subjects>, filter: string): boolean {
  const { mirror, sources = [], subject_transform: transform } = config as Partial<Record<keyof Subjects, unknown>>;
  if (mirror !== undefined || (sources as unknown[]).length > 0 || transform !== undefined) return true;
  return subjectsOf(config).some((one) => subjectsOverlap(one, filter));
}

/** Its subjects may have been others before. */
async function holdsSome(jsm: JetStreamManager, stream: string, filter: string): Promise<boolean> {
  const { state } = await jsm.streams.info(stream, { subjects_filter: filter }).catch(() => ({ state: {} }));
  return Object.keys((state as { readonly subjects?: object }).subjects ?? {}).length > 0;
}
