import type { Logger } from '../../../driver/index.js';
import { errorOf, type MultiBrokerError, phrase } from '../../../errors/index.js';
import type { StreamSourceSpec } from '../../source-spec.js';
import { subjectsOverlap } from '../../subject.js';
import { noFastIngest } from './ingest/server-support.js';
import { apiFailure, mayPass, STREAM_NOT_FOUND } from './jetstream-api.js';
import type { JetStreamManager, StreamConfig, StreamInfo } from '../connection/jetstream-port.js';

/** Where a stream is created. */
export interface StreamMaker {
  readonly broker: string;
  /** Of the server of the connection. A twin has none. */
  readonly serverVersion?: string | undefined;
}

/**
 * Finds the stream, or creates it. Rejects with MULTI_BROKER_STREAM_MISMATCH if it differs from what the source says,
 * and with MULTI_BROKER_SUBSCRIBE_FAILED if it is missing and the source does not give its subjects.
 *
 * @param readBefore when the stream was created that is read already, and is read on if it was changed: a reconnect is no
 *   reason to stop. {@link AlteredStream} tells of it.
 */
export async function ensureStream(
  jsm: JetStreamManager,
  spec: StreamSourceSpec,
  maker: StreamMaker,
  readBefore?: string,
): Promise<StreamInfo> {
  const { broker } = maker;
  const found = await findOrUndefined(() => jsm.streams.info(spec.stream), STREAM_NOT_FOUND);
  if (readBefore !== undefined && found?.created === readBefore) return found;
  if (found !== undefined) {
    checkStream(found.config, spec, broker);
    await checkFilter(jsm, found.config, spec, broker);
    return found;
  }
  if (spec.subjects === undefined) {
    throw errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.natsNoStream', { stream: spec.stream, broker });
  }
  const config = streamConfig(spec, spec.subjects);
  await checkFilter(jsm, config, spec, broker);
  return createStream(jsm, config, spec, maker);
}

async function createStream(
  jsm: JetStreamManager,
  config: Partial<StreamConfig>,
  spec: StreamSourceSpec,
  { broker, serverVersion }: StreamMaker,
): Promise<StreamInfo> {
  const refused = (reason: string, cause?: unknown): MultiBrokerError => {
    const params = { broker, stream: spec.stream, reason };
    return errorOf('MULTI_BROKER_STREAM_MISMATCH.streamNotCreated', params, { cause });
  };
  const lacking = noFastIngest(spec, serverVersion);
  if (lacking !== undefined) throw refused(lacking);
  try {
    const made = await jsm.streams.add(config);
    // Another server of a cluster may be one that ignores the field.
    if (spec.options.allowBatched === true) checkStream(made.config, spec, broker);
    return made;
  } catch (thrown) {
    throw notCreated(thrown, (reason) => refused(reason, thrown));
  }
}

function streamConfig({ stream, options }: StreamSourceSpec, subjects: readonly string[]): Partial<StreamConfig> {
  return {
    name: stream,
    subjects: [...subjects],
    storage: as<StreamConfig['storage']>(options.storage ?? 'file'),
    num_replicas: options.replicas ?? 1,
    ...limits(options),
  };
}

/** Only the limits that the user gave: the server has defaults for the rest. */
function limits(options: StreamSourceSpec['options']): Partial<StreamConfig> {
  const { duplicateWindowMs, retention, maxMessages, maxBytes, maxAgeMs, discard, allowBatched } = options;
  return {
    ...(duplicateWindowMs !== undefined && { duplicate_window: duplicateWindowMs * 1e6 }),
    ...(retention !== undefined && { retention: as<StreamConfig['retention']>(retention) }),
    ...(maxMessages !== undefined && { max_msgs: maxMessages }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(maxAgeMs !== undefined && { max_age: maxAgeMs * 1e6 }),
    ...(discard !== undefined && { discard: as<StreamConfig['discard']>(discard) }),
    ...(allowBatched === true && { allow_batched: true }),
  };
}

/** Throws MULTI_BROKER_STREAM_MISMATCH if a stream differs from what the source says. */
function checkStream(config: StreamConfig, spec: StreamSourceSpec, broker: string): void {
  const differs = streamDifferences(config, spec);
  if (differs === '') return;
  throw errorOf('MULTI_BROKER_STREAM_MISMATCH.stream', { stream: spec.stream, broker, differences: differs });
}

/** In which options a stream differs from what the source says; empty for none. */
export function streamDifferences(config: StreamConfig, spec: StreamSourceSpec): string {
  const { storage, replicas, duplicateWindowMs, retention, maxMessages, maxBytes, maxAgeMs, discard, allowBatched } =
    spec.options;
  return differences([
    ['subjects', spec.subjects && list(spec.subjects), list(subjectsOf(config))],
    ['storage', storage, config.storage],
    ['replicas', replicas, config.num_replicas],
    ['maxMessages', maxMessages, config.max_msgs],
    ['retention', retention, config.retention],
    ['maxBytes', maxBytes, config.max_bytes],
    ['maxAgeMs', maxAgeMs, config.max_age / 1e6],
    ['discard', discard, config.discard],
    ['duplicateWindowMs', duplicateWindowMs, windowMsOf(config)],
    ['allowBatched', allowBatched, config.allow_batched === true],
  ]);
}

/**
 * How long a stream remembers dedupe ids. One that was created with `sources` and without a window has none, whatever is
 * published to it directly (nats-server 2.15.1).
 */
export function windowMsOf({ duplicate_window: window }: { readonly duplicate_window?: number }): number {
  return (window ?? 0) / 1e6;
}

/** `subject_transform` exists on newer servers: a message may be stored under another subject than it was published to. */
type Subjects = Pick<StreamConfig, 'subjects' | 'mirror' | 'sources' | 'subject_transform'>;

/**
 * Throws MULTI_BROKER_STREAM_MISMATCH if the filter of a source can match no message that its stream holds or will
 * hold: nats-server 2.10 and later accept such a consumer silently, and it never delivers anything.
 */
export async function checkFilter(
  jsm: JetStreamManager,
  config: Partial<Subjects>,
  { stream, consumer, filter }: StreamSourceSpec,
  broker: string,
): Promise<void> {
  if (filter === undefined || (await canMatch(jsm, config, stream, filter))) return;
  const subjects = subjectsOf(config).join(', ');
  throw errorOf('MULTI_BROKER_STREAM_MISMATCH.filter', { filter, consumer, broker, stream, subjects });
}

/** Whether a filter matches a message that the stream holds or will hold. */
export async function canMatch(
  jsm: JetStreamManager,
  config: Partial<Subjects>,
  stream: string,
  filter: string,
): Promise<boolean> {
  return mayMatch(config, filter) || (await holdsSome(jsm, stream, filter));
}

/** Whether a filter matches a message that the stream will hold. */
export function mayMatch(config: Partial<Subjects>, filter: string): boolean {
  const { mirror, sources = [], subject_transform: transform } = config as Partial<Record<keyof Subjects, unknown>>;
  if (mirror !== undefined || (sources as unknown[]).length > 0 || transform !== undefined) return true;
  return subjectsOf(config).some((one) => subjectsOverlap(one, filter));
}

/** Whether the stream holds messages that match, from when its subjects were different. */
async function holdsSome(jsm: JetStreamManager, stream: string, filter: string): Promise<boolean> {
  const { state } = await jsm.streams.info(stream, { subjects_filter: filter }).catch(() => ({ state: {} }));
  return Object.keys((state as { readonly subjects?: object }).subjects ?? {}).length > 0;
}

/** Mirrors, and streams that only source others, have no subjects, although the client's types say otherwise. */
export const subjectsOf = ({ subjects = [] }: { readonly subjects?: readonly string[] }): readonly string[] => subjects;

/** A mirror may copy schedules. If there can be none, the headers of messages with a body need not be read. */
export function mayHaveSchedules(config: Partial<StreamConfig>): boolean {
  const { allow_msg_schedules: allowed, mirror, sources } = config as Record<string, unknown>;
  return allowed === true || mirror !== undefined || sources !== undefined;
}

/** A message goes once its consumer, or each of them, has acked it. */
export const removesAcked = ({ retention = '' }: { readonly retention?: string }): boolean =>
  retention === 'workqueue' || retention === 'interest';

/** Ids that a stream remembers for less do not surely tell what is written again at once. */
const LEAST_WINDOW_MS = 10_000;

/** Whether results go to the stream as batches of fast ingest. */
export function ingests(config: Partial<StreamConfig>): boolean {
  return config.allow_batched === true && whyNoBatches(config) === undefined;
}

/**
 * What keeps results from going to a stream with `allow_batched` as batches. Replicas: without a quorum a leader confirms
 * a batch whose ids it knows from messages that are not stored, and they may be lost (nats-server 2.15.1,
 * `findings/nats-ingest-no-quorum.sh`), where it refuses a single publish.
 */
export function whyNoBatches(config: Partial<StreamConfig>): string | undefined {
  const { num_replicas: replicas } = config;
  if (replicas !== 1) return `it has ${String(replicas)} replicas, and fast ingest is used with one`;
  if (windowMsOf(config) >= LEAST_WINDOW_MS) return undefined;
  return `it remembers dedupe ids for ${windowMsOf(config) / 1000} s, and fast ingest is used from ${LEAST_WINDOW_MS / 1000} s on`;
}

/** Properties of a stream that matter to its publishers. */
export interface KnownStream {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Refuses publishes while it is full (`discard: 'new'`). */
  readonly bounded: boolean;
  readonly windowMs: number;
  /** Never sends a PubAck (`no_ack`). */
  readonly silent: boolean;
  /** Results for it go as batches: {@link ingests}. */
  readonly ingests: boolean;
  /** Its leader may change under an open connection; so may that of a stream whose configuration is unknown. */
  readonly replicated: boolean;
  /** False where its configuration is unknown: of it only the name is true. */
  readonly isRead: boolean;
  /** When its configuration was read, or asked for in vain. */
  readonly askedAt: number;
  readonly retention: string;
  /** Number of its consumers; undefined if unknown. */
  readonly consumers: number | undefined;
}

/** The server's default. A shorter window does not cover a restart of the application. */
const SHORT_WINDOW_MS = 120_000;
/** Subjects may be derived from data, without bound: the warnings given are forgotten at this number. */
const MAX_WARNED = 10_000;

/** Warnings to publishers about settings of a stream, each given once. */
export class StreamWarnings {
  private readonly warned = new Set<string>();

  constructor(
    private readonly broker: string,
    private readonly log: Logger,
  ) {}

  /** Called whenever a stream becomes known, also after it was forgotten. */
  check(stream: KnownStream): void {
    this.checkWindow(stream);
    this.checkRetention(stream);
  }

  /** The stream captures a subject that is published as core NATS. */
  captured(stream: string, subject: string): void {
    if (!this.isFirst(`captures ${stream}`)) return;
    this.warn(
      `stream ${stream} captures '${subject}', but a plain string destination is core NATS: ` +
        `its confirmation does not say that the message was stored. Use toStream('${subject}').`,
    );
  }

  /** A restarted server rebuilds the dedupe ids from the messages that a stream still holds. */
  private checkRetention({ name, retention, consumers }: KnownStream): void {
    if ((retention !== 'workqueue' && retention !== 'interest') || !this.isFirst(`retention ${name}`)) return;
    const empty =
      retention === 'interest' && consumers === 0
        ? ' It has no consumer now, so it confirms messages and stores none.'
        : '';
    this.warn(
      `stream ${name} has retention ${retention}: a restart of its server forgets the dedupe ids of settled ` +
        `messages, and a message that is published once more after that is stored twice.${empty}`,
    );
  }

  private checkWindow({ name, windowMs }: KnownStream): void {
    if (windowMs >= SHORT_WINDOW_MS || !this.isFirst(`window ${name}`)) return;
    this.warn(
      windowMs === 0
        ? `stream ${name} remembers no dedupe ids (no duplicate_window): a message that is published once more is stored twice.`
        : `stream ${name} remembers dedupe ids for only ${windowMs / 1000} s (duplicate_window): ` +
            'a message that is published once more after a longer outage is stored twice.',
    );
  }

  private isFirst(warning: string): boolean {
    if (this.warned.has(warning)) return false;
    if (this.warned.size >= MAX_WARNED) this.warned.clear();
    this.warned.add(warning);
    return true;
  }

  private warn(message: string): void {
    this.log.warn(`NATS '${this.broker}': ${message}`);
  }
}

/** nats.js's enums have the server's strings as values, but enums of a package loaded at run time cannot be named. */
export const as = <T extends string>(text: string): T => text as T;

export async function findOrUndefined<T>(look: () => Promise<T>, notFound: number): Promise<T | undefined> {
  try {
    return await look();
  } catch (thrown) {
    if (apiFailure(thrown)?.number === notFound) return undefined;
    throw thrown;
  }
}

/**
 * The error if the server refuses to create it: subjects of another stream, a limit, or a concurrent creation with
 * another configuration.
 */
export function notCreated(thrown: unknown, made: (reason: string) => MultiBrokerError): unknown {
  const failure = apiFailure(thrown);
  return failure === undefined || mayPass(failure.code) ? thrown : made(failure.text);
}

export const list = (subjects: readonly string[]): string => [...subjects].sort().join(', ');

/** Compares only the options that the user gave. */
export function differences(rows: readonly (readonly [string, unknown, unknown])[]): string {
  return rows
    .filter(([, wanted, found]) => wanted !== undefined && wanted !== found)
    .map(([what, wanted, found]) => phrase('differs', { what, found: String(found), wanted: String(wanted) }))
    .join('; ');
}
