import type { Outcome, Receipt } from '../../../driver/index.js';
import { publishErrorOf } from '../../../errors/index.js';
import type { ClientFailures, SendProblem } from '../client/failure-port.js';
import type { PartitionReceipt } from '../client/records.js';
import type { RecordToSend } from './batch-plan.js';

/** The outcomes of a batch that is written to one topic. */
export class PublishOutcomes {
  readonly all: Outcome[];
  /** Partitions with an unconfirmed message that will be retried, and why. */
  private readonly behind = new Map<number, Error>();

  constructor(
    readonly topic: string,
    private readonly broker: string,
    count: number,
  ) {
    this.all = new Array<Outcome>(count);
  }

  /**
   * Notes confirmed messages. False if a receipt is missing: kafkajs may drop messages of a partition, and resolve.
   */
  confirm(records: readonly RecordToSend[], receipts: readonly PartitionReceipt[]): boolean {
    const places = new Map(receipts.map((receipt) => [receipt.partition, { receipt, index: 0 }]));
    let all = true;
    for (const { place, message } of records) {
      const at = places.get(message.partition ?? -1);
      if (at === undefined) all = false;
      else this.all[place] = { receipt: new KafkaReceipt(this.topic, at.receipt, at.index++) };
    }
    return all;
  }

  isConfirmed({ place }: RecordToSend): boolean {
    return this.all[place] !== undefined;
  }

  /** @param maybe an earlier attempt may have been written, whatever the last one says */
  fail(records: readonly RecordToSend[], failure: SendFailure, maybe: boolean): void {
    const { code, cause, isOfOneMessage } = failure;
    // A message that is refused by itself was refused in earlier attempts, too.
    const written = maybe && !isOfOneMessage ? 'maybe' : failure.written;
    const retryable = !isUnknownTopic(failure) && failure.retryable;
    const params = { broker: this.broker, topic: this.topic, reason: cause.message };
    const error = publishErrorOf(`${code}.kafka`, params, { cause, retryable, written });
    for (const { place, message } of records) {
      this.all[place] = { error };
      if (retryable && message.partition !== undefined) this.behind.set(message.partition, cause);
    }
  }

  /**
   * Fails messages behind one of their partition that will be retried: written now, they would overtake it. Returns the
   * rest.
   */
  inOrder(records: readonly RecordToSend[]): readonly RecordToSend[] {
    if (this.behind.size === 0) return records;
    return records.filter((record) => {
      const before = this.behind.get(record.message.partition ?? -1);
      if (before !== undefined) this.leave(record, before);
      return before === undefined;
    });
  }

  private leave({ place }: RecordToSend, before: Error): void {
    const params = { broker: this.broker, topic: this.topic, reason: before.message };
    const details = { cause: before, retryable: true, written: 'no' } as const;
    this.all[place] = { error: publishErrorOf('MULTI_BROKER_NOT_CONNECTED.kafkaBehind', params, details) };
  }

  /** All messages get the first one's outcome. */
  failAsFirst(): void {
    const [first] = this.all;
    if (first !== undefined) this.all.fill(first);
  }
}

/** Makes its position on demand. */
class KafkaReceipt implements Receipt {
  constructor(
    private readonly topic: string,
    private readonly receipt: PartitionReceipt,
    private readonly index: number,
  ) {}

  get position(): string | undefined {
    const { partition, baseOffset } = this.receipt;
    return baseOffset === undefined ? undefined : `${this.topic}[${partition}]@${Number(baseOffset) + this.index}`;
  }
}

/** The meaning of a failed send. */
export interface SendFailure {
  readonly code:
    | 'MULTI_BROKER_NOT_CONNECTED'
    | 'MULTI_BROKER_PUBLISH_UNCONFIRMED'
    | 'MULTI_BROKER_PUBLISH_REJECTED'
    | 'MULTI_BROKER_DESTINATION_UNKNOWN'
    | 'MULTI_BROKER_PAYLOAD_TOO_LARGE';
  readonly written: 'no' | 'maybe';
  /** Whether the same send may succeed later. */
  readonly retryable: boolean;
  /** It may succeed only if partitions are picked once more. */
  readonly repick?: boolean;
  /** One message may have failed the whole batch. */
  readonly isOfOneMessage: boolean;
  readonly cause: Error;
}

/** Temporary protocol errors with which the server says that nothing was written. */
const TEMPORARY = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NOT_ENOUGH_REPLICAS',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'CORRUPT_MESSAGE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
]);
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const UNAUTHORIZED = /AUTHORIZATION_FAILED|SECURITY_DISABLED|INVALID_REQUIRED_ACKS|INVALID_TOPIC/;
/** Interprets the client's error of one attempt to send. */
export function failureOf(thrown: Error, failures: Pick<ClientFailures, 'send'>): SendFailure {
  const problem = failures.send(thrown);
  const { how, cause } = problem;
  if (how === 'refused') return refusal(problem, cause);
  if (how === 'unsent') return unwritten(cause);
  if (how === 'unanswered') return unconfirmed(cause);
  return { code: 'MULTI_BROKER_PUBLISH_REJECTED', written: 'no', retryable: false, isOfOneMessage: true, cause };
}

const UNKNOWN_TOPIC = 'MULTI_BROKER_DESTINATION_UNKNOWN';

/** The cluster does not have the topic, or not yet. */
export const isUnknownTopic = ({ code }: SendFailure): boolean => code === UNKNOWN_TOPIC;

function refusal({ type, isRetriable }: Extract<SendProblem, { how: 'refused' }>, cause: Error): SendFailure {
  if (TOO_LARGE.has(type))
    return { code: 'MULTI_BROKER_PAYLOAD_TOO_LARGE', written: 'no', retryable: false, isOfOneMessage: true, cause };
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return { ...unwritten(cause), code: UNKNOWN_TOPIC };
  if (TEMPORARY.has(type)) return unwritten(cause);
  if (isRetriable || type === 'UNKNOWN') return unconfirmed(cause);
  const isOfOneMessage = !UNAUTHORIZED.test(type);
  return { code: 'MULTI_BROKER_PUBLISH_REJECTED', written: 'no', retryable: false, isOfOneMessage, cause };
}

const unwritten = (cause: Error): SendFailure => ({
  code: 'MULTI_BROKER_NOT_CONNECTED',
  written: 'no',
  retryable: true,
  isOfOneMessage: false,
  cause,
});

const unconfirmed = (cause: Error): SendFailure => ({
  code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED',
  written: 'maybe',
  retryable: true,
  isOfOneMessage: false,
  cause,
});
