import type { DriverContext } from '../../../driver/index.js';
import type { PublishError } from '../../../errors/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import { subjectMatches } from '../../subject.js';
import type { PublishErrors } from '../connection/publish-errors.js';
import { clientCode, type JetStreamApi } from './jetstream-api.js';
import { ingests, type KnownStream, StreamWarnings, subjectsOf, windowMsOf } from './stream-config.js';
import type { StreamInfo } from '../connection/jetstream-port.js';

/** Subjects may be derived from data, without bound: the caches are emptied at this size. */
const MAX_SUBJECTS = 10_000;
/** How old the list of streams may be: for a warning, and for a publish to a subject that no listed stream captures. */
const LIST_FOR_WARNING_MS = 60_000;
const LIST_FOR_PUBLISH_MS = 5_000;
/** How old the configuration may be by which a stream gets batches. */
const INGESTS_MS = 10_000;
/** How old a configuration may be that tells of no bound, where the stream refuses messages; and the most looks for that. */
const REFUSED_MS = 1_000;
/**
 * How long nothing is asked for that the server has refused. It tells nobody that a permission was given back (nats-server
 * 2.15.1), so only a further try does; each one that is in vain is an error in the server's log.
 */
const DENIED_MS = 60_000;
/** A page has 256 streams. The streams beyond are looked up one by one. */
const MAX_PAGES = 8;
/** Subjects that the list does not cover: at most this many are looked up in this many milliseconds. */
const MAX_QUESTIONS = 50;
const QUESTIONS_MS = 10_000;

/** The stream of a subject. `unknown`: this client may not use JetStream's API, or it did not answer. */
type Finding = { readonly stream: string } | 'none' | 'no-api' | 'unknown';

/** Of a stream whose configuration this client may not read, or that did not answer. */
const NOTHING_KNOWN = {
  subjects: [],
  bounded: false,
  windowMs: Infinity,
  silent: false,
  ingests: false,
  replicated: true,
  isRead: false,
  retention: 'limits',
  consumers: undefined,
};

type Known = Pick<StreamInfo, 'config'> & Partial<Pick<StreamInfo, 'state'>>;

/**
 * Knows which stream captures which subject. The streams are listed once and matched here, which saves a request for
 * each subject.
 */
export class StreamLookup {
  private readonly streams = new Map<string, KnownStream>();
  /** Index of their subjects; rebuilt after a change. */
  private index: SubjectIndex<KnownStream> | undefined;
  /** The stream of each subject. */
  private readonly captured = new Map<string, string>();
  /** Core subjects already checked. */
  private readonly seen = new Set<string>();
  private readonly warnings: StreamWarnings;
  /** The stream that was checked for warnings last: nearly every PubAck is of the same. */
  private checked: KnownStream | undefined;
  private listedAt = -Infinity;
  /** False if a permission lacks, or there are too many. */
  private canList = true;
  private listing: Promise<void> | undefined;
  /** When a stream was looked up last as it had refused a message. */
  private refusedAt = -Infinity;
  private questions = 0;
  private questionsSince = -Infinity;
  private canAsk = true;
  /** When the server refused last to list the streams, or to find one. */
  private deniedAt = Infinity;

  constructor(
    broker: string,
    private readonly api: JetStreamApi,
    private readonly errors: PublishErrors,
    private readonly io: Pick<DriverContext, 'clock' | 'log'>,
  ) {
    this.warnings = new StreamWarnings(broker, io.log);
  }

  /**
   * The error if nothing can be published there. If the subject has subscribers but no stream captures it, the server
   * sends no 503, and the publish would time out.
   */
  async check(to: NatsDestinationSpec): Promise<PublishError | undefined> {
    if (this.streamOf(to)?.silent === false) return undefined;
    this.doubtSilence(to);
    await this.list(LIST_FOR_PUBLISH_MS);
    if (this.streamOf(to) !== undefined) return this.silence(to);
    const found = await this.find(to.subject);
    if (found === 'none') return this.errors.noStream(to, true);
    if (found === 'no-api') return this.errors.noStream(to, false);
    if (found !== 'unknown') await this.learn(to.subject, found.stream);
    return this.silence(to);
  }

  /**
   * Nothing is written to a `no_ack` stream, so nothing tells that it was changed, or that another stream captures the
   * subject since: what is known of it holds for a while.
   */
  private doubtSilence(to: NatsDestinationSpec): void {
    const { silent = false, askedAt = 0 } = this.streamOf(to) ?? {};
    if (silent && this.io.clock.now() - askedAt >= LIST_FOR_PUBLISH_MS) this.forget();
  }

  /** A publish to a `no_ack` stream would be stored and then time out. */
  private silence(to: NatsDestinationSpec): PublishError | undefined {
    const stream = this.streamOf(to);
    return stream?.silent === true ? this.errors.noAck(to, stream.name) : undefined;
  }

  /** The stream that captures the subject, if known. */
  streamOf({ subject }: Pick<NatsDestinationSpec, 'subject'>): KnownStream | undefined {
    const name = this.captured.get(subject);
    if (name !== undefined) return this.streams.get(name);
    this.index ??= new SubjectIndex(this.streams.values());
    const stream = this.index.find(subject);
    if (stream !== undefined) this.remember(subject, stream.name);
    return stream;
  }

  /** The stream has confirmed a message of the subject. */
  acked(to: NatsDestinationSpec, stream: string): void {
    const known = this.streams.get(stream);
    if (known === undefined || this.mayBeReadNow(known)) {
      void this.learn(to.subject, stream).then((learnt) => this.warnings.check(learnt));
      return;
    }
    if (this.captured.get(to.subject) !== stream) this.remember(to.subject, stream);
    if (known === this.checked) return;
    this.checked = known;
    this.warnings.check(known);
  }

  /** Whether the stream of the subject takes batches, and its configuration is not of long ago. */
  async stillIngests(to: NatsDestinationSpec): Promise<boolean> {
    const known = this.streamOf(to);
    if (known === undefined || this.io.clock.now() - known.askedAt < INGESTS_MS) return known?.ingests === true;
    try {
      return this.know(await (await this.api.manager()).streams.info(known.name)).ingests;
    } catch {
      return false;
    }
  }

  /** A stream has refused a message that may be retried: it may be full, and have a bound since it was looked up. Never rejects. */
  async refused(to: NatsDestinationSpec): Promise<void> {
    const known = this.streamOf(to);
    const now = this.io.clock.now();
    if (known === undefined || known.bounded || now - Math.max(known.askedAt, this.refusedAt) < REFUSED_MS) return;
    this.refusedAt = now;
    try {
      this.know(await (await this.api.manager()).streams.info(known.name));
    } catch {
      // It stays as it was known. The publisher is careful for a while all the same.
    }
  }

  /** Whether it is certain that no stream captures the subject. */
  async missing(to: NatsDestinationSpec): Promise<boolean> {
    this.forget();
    return (await this.find(to.subject)) === 'none';
  }

  /** Whether the stream captures the subject, or that cannot be ruled out. */
  async mayBe(stream: string, subject: string): Promise<boolean> {
    if (this.streamOf({ subject })?.name === stream) return true;
    const found = await this.find(subject);
    return found === 'unknown' || (typeof found === 'object' && found.stream === stream);
  }

  /** After a reconnect or a missing PubAck the streams may have changed. */
  forget(): void {
    this.captured.clear();
    this.streams.clear();
    this.index = undefined;
  }

  /** Warns, once, if a stream captures a subject that is published as core NATS. */
  async warnIfCaptured(to: NatsDestinationSpec): Promise<void> {
    const { subject } = to;
    this.doubtDenials();
    if (this.seen.has(subject)) return;
    if (this.seen.size >= MAX_SUBJECTS) this.seen.clear();
    this.seen.add(subject);
    if (this.streamOf(to) === undefined && !(await this.list(LIST_FOR_WARNING_MS))) await this.ask(subject);
    const stream = this.streamOf(to)?.name;
    if (stream !== undefined) this.warnings.captured(stream, subject);
  }

  /** False if the streams cannot be listed. Concurrent calls share one request. */
  private async list(maxAgeMs: number): Promise<boolean> {
    this.doubtDenials();
    if (this.canList && this.io.clock.now() - this.listedAt >= maxAgeMs) {
      this.listing ??= this.listAll().finally(() => {
        this.listing = undefined;
      });
    }
    await this.listing;
    return this.canList;
  }

  private async listAll(): Promise<void> {
    this.listedAt = this.io.clock.now();
    try {
      const pages = (await this.api.manager()).streams.list();
      for (let page = 0; page < MAX_PAGES; page++) {
        const streams = await pages.next();
        if (streams.length === 0) return;
        for (const info of streams) this.know(info);
      }
      this.canList = false;
    } catch (thrown) {
      const code = clientCode(thrown);
      if (code === '503') return;
      // A client may be permitted to look up single streams only; a cluster may wait for offline streams.
      if (code === 'PERMISSIONS_VIOLATION') this.canList = this.denied();
      else this.listedAt += LIST_FOR_WARNING_MS;
    }
  }

  private denied(): false {
    this.deniedAt = this.io.clock.now();
    return false;
  }

  /** Subjects that came while nothing could be asked for are checked after all. */
  private doubtDenials(): void {
    if (this.deniedAt === Infinity || this.io.clock.now() - this.deniedAt < DENIED_MS) return;
    this.deniedAt = Infinity;
    if (!this.canAsk) this.seen.clear();
    this.canAsk = true;
    this.canList = true;
  }

  private async ask(subject: string): Promise<void> {
    const found = await this.find(subject);
    if (typeof found !== 'string') await this.learn(subject, found.stream);
  }

  private async find(subject: string): Promise<Finding> {
    this.doubtDenials();
    if (!this.canAsk || !this.mayAskMore()) return 'unknown';
    try {
      const { streams } = await this.api.manager();
      return { stream: await streams.find(subject) };
    } catch (thrown) {
      const code = clientCode(thrown);
      if (code === '503') return 'no-api';
      // nats.js's own error for an empty result has no code.
      if (code === undefined) return 'none';
      if (code === 'PERMISSIONS_VIOLATION') this.canAsk = this.denied();
      return 'unknown';
    }
  }

  /** At most {@link MAX_QUESTIONS} in {@link QUESTIONS_MS}. */
  private mayAskMore(): boolean {
    const now = this.io.clock.now();
    if (now - this.questionsSince >= QUESTIONS_MS) {
      this.questionsSince = now;
      this.questions = 0;
    }
    return this.questions++ < MAX_QUESTIONS;
  }

  private async learn(subject: string, name: string): Promise<KnownStream> {
    this.remember(subject, name);
    const before = this.streams.get(name);
    if (before !== undefined && !this.mayBeReadNow(before)) return before;
    const known = { ...NOTHING_KNOWN, name, askedAt: this.io.clock.now() };
    this.streams.set(name, known);
    this.index = undefined;
    try {
      return this.know(await (await this.api.manager()).streams.info(name));
    } catch {
      // A client may be permitted to publish and nothing else.
      return known;
    }
  }

  /** A client may get the permission later. */
  private mayBeReadNow({ isRead, askedAt }: KnownStream): boolean {
    return !isRead && this.io.clock.now() - askedAt >= DENIED_MS;
  }

  private know({ config, state }: Known): KnownStream {
    const { name, discard, max_msgs: messages, max_bytes: bytes } = config;
    const known = {
      name,
      subjects: subjectsOf(config),
      bounded: discard === 'new' && (messages > 0 || bytes > 0 || config.max_msgs_per_subject > 0),
      windowMs: windowMsOf(config),
      silent: config.no_ack === true,
      ingests: ingests(config),
      replicated: config.num_replicas > 1,
      isRead: true,
      askedAt: this.io.clock.now(),
      retention: config.retention,
      consumers: state?.consumer_count,
    };
    this.streams.set(name, known);
    this.index = undefined;
    return known;
  }

  private remember(subject: string, stream: string): void {
    if (this.captured.size >= MAX_SUBJECTS) this.captured.clear();
    this.captured.set(subject, stream);
  }
}

/**
 * Entries indexed by the first token of their subject patterns: an account may have hundreds of streams, and a subject
 * is compared only with patterns that share that token.
 */
export class SubjectIndex<T extends { readonly subjects: readonly string[] }> {
  private readonly byToken = new Map<string, [pattern: string, entry: T][]>();

  constructor(entries: Iterable<T>) {
    for (const entry of entries) {
      for (const pattern of entry.subjects) this.add(firstToken(pattern), pattern, entry);
    }
  }

  find(subject: string): T | undefined {
    return this.among(firstToken(subject), subject) ?? this.among('*', subject) ?? this.among('>', subject);
  }

  private add(token: string, pattern: string, entry: T): void {
    const some = this.byToken.get(token);
    if (some === undefined) this.byToken.set(token, [[pattern, entry]]);
    else some.push([pattern, entry]);
  }

  private among(token: string, subject: string): T | undefined {
    return this.byToken.get(token)?.find(([pattern]) => subjectMatches(pattern, subject))?.[1];
  }
}

function firstToken(subject: string): string {
  const dot = subject.indexOf('.');
  return dot < 0 ? subject : subject.slice(0, dot);
}
