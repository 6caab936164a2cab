import type { StreamInfo } from 'nats';

import type { Io } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { subjectsOf } from './compare.js';
import { clientCode, type JetStreamApi } from './jetstream-api.js';
import type { PublishErrors } from './publish-errors.js';
import { SubjectIndex } from './subject-index.js';

/** Subjects may be made from data without end. */
const remembered = 10_000;
/** The server's default. A shorter one does not bridge a restart of the application. */
const shortWindowMs = 120_000;
/** How old a list of the streams may be for a warning, and for a publish to a subject that none of them takes. */
const listForWarningMs = 60_000;
const listForPublishMs = 5_000;
/** A page has 256 streams. Of an account with more, the rest is asked for one by one. */
const maxPages = 8;
/** Where the list says nothing, so many subjects are asked about within so many milliseconds. */
const maxQuestions = 50;
const questionsMs = 10_000;

/** Whether a stream takes a subject. `unknown`: JetStream's API may not be asked, or gave no answer. */
type Finding = { readonly stream: string } | 'none' | 'no-api' | 'unknown';

/** What matters of a stream to who publishes to it. */
export interface KnownStream {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Refuses what is published while it is full (`discard: 'new'`). */
  readonly bounded: boolean;
  readonly windowMs: number;
  /** It answers no publish at all (`no_ack`). */
  readonly silent: boolean;
  readonly retention: string;
  /** How many read it; undefined: nobody knows. */
  readonly consumers: number | undefined;
}

const nothingKnown = {
  subjects: [],
  bounded: false,
  windowMs: Infinity,
  silent: false,
  retention: 'limits',
  consumers: undefined,
};

type Known = Pick<StreamInfo, 'config'> & Partial<Pick<StreamInfo, 'state'>>;

/**
 * Who captures which subject. The streams are listed once and matched here: a request for each subject would be as many
 * as there are subjects.
 */
export class KnownStreams {
  private readonly streams = new Map<string, KnownStream>();
  /** Of their subjects; made anew after a change. */
  private index: SubjectIndex<KnownStream> | undefined;
  /** The stream of each subject. */
  private readonly captured = new Map<string, string>();
  /** Core subjects that were looked at. */
  private readonly seen = new Set<string>();
  private readonly warned = new Set<string>();
  private listedAt = -Infinity;
  private canList = true;
  private listing: Promise<void> | undefined;
  private questions = 0;
  private questionsSince = -Infinity;
  private blind = false;

  constructor(
    private readonly broker: string,
    private readonly api: JetStreamApi,
    private readonly errors: PublishErrors,
    private readonly io: Pick<Io, 'clock' | 'log'>,
  ) {}

  /**
   * Why nothing should be published there: where no stream captures the subject but somebody subscribes to it, the
   * server would say nothing at all, and the publish would end as a time-out.
   */
  async check(to: NatsDestinationSpec): Promise<PublishError | undefined> {
    if (this.blind || this.streamOf(to)?.silent === false) return undefined;
    await this.list(listForPublishMs);
    if (this.streamOf(to) !== undefined) return this.silence(to);
    const found = await this.find(to.subject);
    if (found === 'none') return this.errors.noStream(to, true);
    if (found === 'no-api') return this.errors.noStream(to, false);
    if (found !== 'unknown') await this.learn(to.subject, found.stream);
    return this.silence(to);
  }

  /** A publish would be stored and then wait for its PubAck in vain. */
  private silence(to: NatsDestinationSpec): PublishError | undefined {
    const stream = this.streamOf(to);
    return stream?.silent === true ? this.errors.noAck(to, stream.name) : undefined;
  }

  /** The stream that takes the subject, as far as it is known. */
  streamOf({ subject }: Pick<NatsDestinationSpec, 'subject'>): KnownStream | undefined {
    const name = this.captured.get(subject);
    if (name !== undefined) return this.streams.get(name);
    this.index ??= new SubjectIndex(this.streams.values());
    const stream = this.index.find(subject);
    if (stream !== undefined) this.remember(subject, stream.name);
    return stream;
  }

  /** The stream took a message of the subject. */
  acked(to: NatsDestinationSpec, stream: string): void {
    const known = this.streams.get(stream);
    if (known === undefined)
      void this.learn(to.subject, stream).then((learnt) => { this.warnOf(learnt); }); // prettier-ignore
    else if (this.captured.get(to.subject) !== stream) this.remember(to.subject, stream);
    if (known !== undefined) this.warnOf(known);
  }

  /** Whether it is certain that no stream takes the subject. */
  async missing(to: NatsDestinationSpec): Promise<boolean> {
    this.forget();
    return (await this.find(to.subject)) === 'none';
  }

  /** Whether the stream captures the subject, or nobody may say that it does not. */
  async mayBe(stream: string, subject: string): Promise<boolean> {
    if (this.streamOf({ subject })?.name === stream) return true;
    const found = await this.find(subject);
    return found === 'unknown' || (typeof found === 'object' && found.stream === stream);
  }

  /** After a reconnect, and where no answer came, the streams may be others. */
  forget(): void {
    this.captured.clear();
    this.streams.clear();
    this.index = undefined;
  }

  /** Warns, once, where a stream captures what is published as core NATS. */
  async warnIfCaptured(to: NatsDestinationSpec): Promise<void> {
    const { subject } = to;
    if (this.blind || this.seen.has(subject)) return;
    if (this.seen.size >= remembered) this.seen.clear();
    this.seen.add(subject);
    if (this.streamOf(to) === undefined && !(await this.list(listForWarningMs))) await this.ask(subject);
    const stream = this.streamOf(to)?.name;
    if (stream === undefined || !this.isFirst(`captures ${stream}`)) return;
    this.io.log.warn(
      `NATS '${this.broker}': stream ${stream} captures '${subject}', but a plain string destination is core ` +
        `NATS: its confirmation does not say that the message was stored. Use toStream('${subject}').`,
    );
  }

  /** False where the streams cannot be listed. One request for all who ask meanwhile. */
  private async list(maxAgeMs: number): Promise<boolean> {
    const { clock } = this.io;
    if (clock.now() - this.listedAt >= maxAgeMs) {
      this.listing ??= this.listAll().finally(() => {
        this.listing = undefined;
      });
    }
    await this.listing;
    return this.canList;
  }

  private async listAll(): Promise<void> {
    this.listedAt = this.io.clock.now();
    if (!this.canList) return;
    try {
      const pages = (await this.api.manager()).streams.list();
      for (let page = 0; page < maxPages; page++) {
        const streams = await pages.next();
        if (streams.length === 0) return;
        for (const info of streams) this.know(info);
      }
      this.canList = false;
    } catch (thrown) {
      if (clientCode(thrown) === '503') return;
      // A client may be allowed to ask for a single stream and nothing more; a cluster may wait for streams that are away.
      this.canList = clientCode(thrown) !== 'PERMISSIONS_VIOLATION';
      this.listedAt += listForWarningMs;
    }
  }

  private async ask(subject: string): Promise<void> {
    const found = await this.find(subject);
    if (typeof found !== 'string') await this.learn(subject, found.stream);
  }

  private async find(subject: string): Promise<Finding> {
    if (this.blind || !this.mayAsk()) return 'unknown';
    try {
      const { streams } = await this.api.manager();
      return { stream: await streams.find(subject) };
    } catch (thrown) {
      const code = clientCode(thrown);
      if (code === '503') return 'no-api';
      // Its own error for an empty list has no code.
      if (code === undefined) return 'none';
      if (code === 'PERMISSIONS_VIOLATION') this.blind = true;
      return 'unknown';
    }
  }

  private mayAsk(): boolean {
    const now = this.io.clock.now();
    if (now - this.questionsSince >= questionsMs) {
      this.questionsSince = now;
      this.questions = 0;
    }
    return this.questions++ < maxQuestions;
  }

  private async learn(subject: string, name: string): Promise<KnownStream> {
    this.remember(subject, name);
    const known = this.streams.get(name) ?? { ...nothingKnown, name };
    if (this.streams.has(name)) return known;
    this.streams.set(name, known);
    this.index = undefined;
    try {
      return this.know(await (await this.api.manager()).streams.info(name));
    } catch {
      // A client may be allowed to publish and nothing more.
      return known;
    }
  }

  private know({ config, state }: Known): KnownStream {
    const { name, discard, duplicate_window: window, max_msgs: messages, max_bytes: bytes } = config;
    const known = {
      name,
      subjects: subjectsOf(config),
      bounded: (discard as string) === 'new' && (messages > 0 || bytes > 0 || config.max_msgs_per_subject > 0),
      windowMs: window / 1e6,
      silent: config.no_ack === true,
      retention: config.retention as string,
      consumers: state?.consumer_count,
    };
    this.streams.set(name, known);
    this.index = undefined;
    return known;
  }

  private isFirst(warning: string): boolean {
    if (this.warned.has(warning)) return false;
    if (this.warned.size >= remembered) this.warned.clear();
    this.warned.add(warning);
    return true;
  }

  private remember(subject: string, stream: string): void {
    if (this.captured.size >= remembered) this.captured.clear();
    this.captured.set(subject, stream);
  }

  /** Each once: what is known of streams is forgotten whenever an answer fails to come. */
  private warnOf(stream: KnownStream): void {
    this.checkWindow(stream);
    this.checkRetention(stream);
  }

  /** The server's dedupe ids are made anew from what a stream holds. */
  private checkRetention({ name, retention, consumers }: KnownStream): void {
    if ((retention !== 'workqueue' && retention !== 'interest') || !this.isFirst(`retention ${name}`)) return;
    const empty =
      retention === 'interest' && consumers === 0 ? ' It has no consumer now, so it confirms and keeps nothing.' : '';
    this.io.log.warn(
      `NATS '${this.broker}': stream ${name} has retention ${retention}: when its server restarts it forgets the dedupe ids ` +
        `of messages that are settled, and what is published again then is stored twice.${empty}`,
    );
  }

  private checkWindow({ name, windowMs }: KnownStream): void {
    if (windowMs >= shortWindowMs || !this.isFirst(`window ${name}`)) return;
    this.io.log.warn(
      `NATS '${this.broker}': stream ${name} remembers dedupe ids for ${windowMs / 1000} s only (duplicate_window): ` +
        'what is published again after a longer outage is stored twice.',
    );
  }
}
