import type { Log } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { subjectMatches } from '../subject-match.js';
import { subjectsOf } from './compare.js';
import { clientCode, type JetStreamApi } from './jetstream-api.js';
import type { PublishErrors } from './publish-errors.js';

/** Subjects may be made from data without end. */
const remembered = 10_000;
/** The server's default. A shorter one does not bridge a restart of the application. */
const shortWindowMs = 120_000;

/** Whether a stream takes a subject. `unknown`: JetStream's API may not be asked, or gave no answer. */
type Finding = { readonly stream: string } | 'none' | 'no-api' | 'unknown';

/** Who captures which subject, asked once for each. */
export class KnownStreams {
  private readonly captured = new Set<string>();
  private readonly asked = new Set<string>();
  private readonly patterns = new Map<string, readonly string[]>();
  private readonly warned = new Set<string>();
  private blind = false;

  constructor(
    private readonly broker: string,
    private readonly api: JetStreamApi,
    private readonly errors: PublishErrors,
    private readonly log: Log,
  ) {}

  /**
   * Why nothing should be published there: where no stream captures the subject but somebody subscribes to it, the
   * server would say nothing at all, and the publish would end as a time-out.
   */
  async check(to: NatsDestinationSpec): Promise<PublishError | undefined> {
    if (this.blind || this.captured.has(to.subject) || this.matchesKnown(to.subject)) return undefined;
    const found = await this.find(to.subject);
    if (found === 'none') return this.errors.noStream(to, true);
    if (found === 'no-api') return this.errors.noStream(to, false);
    if (found !== 'unknown') this.acked(to, found.stream);
    return undefined;
  }

  /** The stream took a message of the subject. */
  acked(to: NatsDestinationSpec, stream: string): void {
    if (!this.captured.has(to.subject)) remember(this.captured, to.subject);
    if (this.patterns.has(stream)) return;
    this.patterns.set(stream, []);
    void this.look(stream);
  }

  /** Whether it is certain that no stream takes the subject. */
  async missing(to: NatsDestinationSpec): Promise<boolean> {
    this.forget();
    return (await this.find(to.subject)) === 'none';
  }

  /** Whether the stream captures the subject, or nobody may say that it does not. */
  async mayBe(stream: string, subject: string): Promise<boolean> {
    const found = await this.find(subject);
    return found === 'unknown' || (typeof found === 'object' && found.stream === stream);
  }

  /** After a reconnect, and where no answer came, the streams may be others. */
  forget(): void {
    this.captured.clear();
    this.patterns.clear();
  }

  /** Warns, once, where a stream captures what is published as core NATS. */
  async warnIfCaptured(subject: string): Promise<void> {
    if (this.blind || this.asked.has(subject)) return;
    remember(this.asked, subject);
    const found = await this.find(subject);
    if (typeof found === 'string') return;
    this.log.warn(
      `NATS '${this.broker}': stream ${found.stream} captures '${subject}', but a plain string destination is core ` +
        `NATS: its confirmation does not say that the message was stored. Use toStream('${subject}').`,
    );
  }

  private matchesKnown(subject: string): boolean {
    for (const patterns of this.patterns.values()) {
      if (patterns.some((pattern) => subjectMatches(pattern, subject))) return true;
    }
    return false;
  }

  private async find(subject: string): Promise<Finding> {
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

  private async look(stream: string): Promise<void> {
    try {
      const { config } = await (await this.api.manager()).streams.info(stream);
      this.patterns.set(stream, subjectsOf(config));
      this.warnOfWindow(stream, config.duplicate_window / 1e6);
    } catch {
      // A client may be allowed to publish and nothing more.
    }
  }

  /** Once: what is known of streams is forgotten whenever an answer fails to come. */
  private warnOfWindow(stream: string, windowMs: number): void {
    if (windowMs >= shortWindowMs || this.warned.has(stream)) return;
    remember(this.warned, stream);
    this.log.warn(
      `NATS '${this.broker}': stream ${stream} remembers dedupe ids for ${windowMs / 1000} s only (duplicate_window): ` +
        'what is published again after a longer outage is stored twice.',
    );
  }
}

function remember(set: Set<string>, value: string): void {
  if (set.size >= remembered) set.clear();
  set.add(value);
}
