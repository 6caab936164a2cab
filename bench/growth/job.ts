import type { Report, Task } from '../support/task.js';

/** What grows. */
export interface Shape {
  /** Each reads a topic of its own. */
  readonly handlers: number;
  /** Of each topic. */
  readonly partitions: number;
  /** Of a message, in bytes. */
  readonly bytes: number;
  /** Of core NATS, read by one wildcard; 0: messages come from Kafka. */
  readonly subjects: number;
  /** Kafka brokers of the application, among which the handlers are shared out. */
  readonly brokers: number;
  /** Consumer groups, in the same way. */
  readonly groups: number;
}

export interface GrowthTask extends Task {
  readonly shape: Shape;
}

/** With what the start took, from nothing to an application that reads. */
export interface GrowthReport extends Report {
  readonly startMs: number;
  readonly startCpuMs: number;
}

export const topicOf = (source: string, handler: number): string => `${source}-${String(handler)}`;
