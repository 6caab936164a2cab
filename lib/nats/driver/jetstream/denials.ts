import type { StreamSourceSpec } from '../../source-spec.js';
import type { Refusal } from '../connection/connection.js';
import type { ConsumerInfo } from '../connection/jetstream-port.js';

/**
 * Permissions that this client lacks for one source. Otherwise unnoticed: pulls would go unanswered, and settled messages
 * would be redelivered. A server tells of a refusal and not of a permission that was given back on an open connection
 * (nats-server 2.15.1), so what shows that ends the report.
 */
export class Denials {
  private found: { readonly issue: string; readonly pulls: boolean; readonly seq: number } | undefined;

  /** @param pulls the subject to which pulls are published */
  constructor(
    private readonly spec: StreamSourceSpec,
    private readonly pulls: string,
  ) {}

  /** For health. */
  get issue(): string | undefined {
    return this.found?.issue;
  }

  /**
   * Returns what is to be logged.
   *
   * @param lastSeq the sequence of the last message that came
   */
  refused({ operation, subject }: Refusal, lastSeq: number): string | undefined {
    const settled = settledBy(subject, this.spec);
    const pulls = subject === this.pulls;
    if (operation !== 'publish' || this.found !== undefined || (!pulls && settled === undefined)) return undefined;
    const what = pulls ? 'pull from it' : 'settle what it reads';
    this.found = {
      issue: `${this.spec.name}: this client has no permission to ${what}`,
      pulls,
      seq: settled ?? lastSeq,
    };
    return this.found.issue;
  }

  /** A pull is answered. */
  answered(): void {
    if (this.found?.pulls === true) this.found = undefined;
  }

  /** Another message has come, or the one is settled whose settlement was refused. */
  looked({ ack_floor: floor }: Pick<ConsumerInfo, 'ack_floor'>, lastSeq: number): void {
    const { found } = this;
    if (found === undefined) return;
    if (found.pulls ? lastSeq !== found.seq : floor.stream_seq >= found.seq) this.found = undefined;
  }

  /** Another connection may have others. */
  forget(): void {
    this.found = undefined;
  }
}

/** The sequence of the message that a subject settles, if it is of this consumer: `….STREAM.CONSUMER.DELIVERIES.SEQUENCE.…` */
function settledBy(subject: string, { stream, consumer }: StreamSourceSpec): number | undefined {
  const before = `.${stream}.${consumer}.`;
  const at = subject.indexOf(before);
  if (!subject.startsWith('$JS.ACK.') || at < 0) return undefined;
  return Number(subject.slice(at + before.length).split('.')[1]);
}
