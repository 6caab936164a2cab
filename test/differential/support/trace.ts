import type { Action, GroupName } from './scenario.js';

/** What became of one publish. */
export interface PublishTrace {
  readonly id: string;
  /** Code of the error, where it failed. */
  readonly error?: string | undefined;
  readonly duplicate: boolean;
  /** Where the receipt says that it is; Kafka. */
  readonly partition?: number | undefined;
}

/** One call of a handler. */
export interface CallTrace {
  readonly group: GroupName;
  readonly member: number;
  readonly id: string;
  readonly payload: unknown;
  readonly key: string | undefined;
  /** Where it came from; Kafka. */
  readonly partition?: number | undefined;
  readonly attempt: number;
  readonly action: Action;
  /** The calls of its lane that ran when it began. */
  readonly beside: readonly Pick<CallTrace, 'id' | 'key'>[];
}

/** What the server says of a group that has come to rest. */
export interface Progress {
  /** Kafka, by partition: messages that are not committed. JetStream: those above the ack floor. Negative: too far. */
  readonly behind: readonly number[];
  /** Handed out and not settled; JetStream. */
  readonly open: number;
}

/** What was seen when the scenario came to a rest. */
export interface QuietTrace {
  readonly number: number;
  /** `group/message`: should have come, and did not. */
  readonly missing: readonly string[];
  readonly progress: Readonly<Partial<Record<GroupName, Progress>>>;
}

/** One letter or result that is confirmed. */
export interface WrittenTrace {
  readonly group: GroupName;
  readonly id: string;
  readonly payload: string | null;
  readonly key: string | undefined;
}

/** All that one world did with one scenario. */
export interface Trace {
  readonly publishes: PublishTrace[];
  readonly calls: CallTrace[];
  readonly quiets: QuietTrace[];
  /** Messages that were parked, and those that handlers have published on, in order. */
  readonly letters: WrittenTrace[];
  readonly results: WrittenTrace[];
}
