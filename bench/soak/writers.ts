import type { Producer } from 'kafkajs';
import type { JetStreamClient } from 'nats';
import { setTimeout as pause } from 'node:timers/promises';
import { patientKafka } from '../support/patient-clients.js';
import { flow, type FlowName, flowNames, isTopic, type Travelling } from './flows.js';
import type { Servers } from './servers.js';

const KEYS = 40;
const TICK_MS = 100;
/** The largest request: servers take 1 MB. */
const LARGEST = 500;
const LARGEST_BYTES = 500_000;

/** Writes to the sources of all flows: each at its rate, and in bursts. */
export class Writers {
  private readonly producer: Producer;
  private readonly jetstream: JetStreamClient;
  private readonly owed = new Map<FlowName, number>();
  private readonly next = new Map<FlowName, number>();
  /** Why the last write was not done. */
  private readonly failed = new Map<FlowName, string>();
  private readonly running: Promise<unknown>;
  private held = false;
  private ended = false;

  constructor(private readonly servers: Servers) {
    this.producer = patientKafka(servers.kafka.brokers).producer();
    this.jetstream = servers.connection.jetstream();
    const connected = this.producer.connect();
    this.running = Promise.all(flowNames.map((name) => connected.then(() => this.run(name))));
    // Told by end(), which may be long after.
    this.running.catch(() => undefined);
  }

  /** Writes so many more as soon as it can. */
  burst(name: FlowName, count: number): void {
    this.owed.set(name, (this.owed.get(name) ?? 0) + count);
  }

  /** From now on nothing more is written but bursts. */
  hold(): void {
    this.held = true;
  }

  go(): void {
    this.held = false;
  }

  /** Whether all that is owed is written. */
  get idle(): boolean {
    return this.unwritten().length === 0;
  }

  /** What is owed, by flow. */
  unwritten(): readonly string[] {
    return [...this.owed]
      .filter(([, count]) => count >= 1)
      .map(([name, count]) => `${name} ${count} unwritten (${this.failed.get(name) ?? 'no error'})`);
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.running;
    await this.producer.disconnect();
  }

  private async run(name: FlowName): Promise<void> {
    const { rate, padding = 0 } = flow(name);
    const largest = Math.min(LARGEST, Math.floor(LARGEST_BYTES / (padding + 100)));
    for (; !this.ended; await pause(TICK_MS)) {
      if (this.servers.lacks(name)) continue;
      if (!this.held) this.burst(name, (rate * TICK_MS) / 1_000);
      const count = Math.min(largest, Math.floor(this.owed.get(name) ?? 0));
      if (count === 0) continue;
      await this.write(name, this.messages(name, count));
      this.burst(name, -count);
    }
  }

  private messages(name: FlowName, count: number): readonly Travelling[] {
    const from = this.next.get(name) ?? 0;
    this.next.set(name, from + count);
    const { keys = KEYS } = flow(name);
    return Array.from({ length: count }, (_, index) => ({ id: from + index, key: String((from + index) % keys) }));
  }

  /** Until all are written, as a server that is away comes back, or the soak is over. */
  private async write(name: FlowName, messages: readonly Travelling[]): Promise<void> {
    const { from, padding = 0 } = flow(name);
    const bodies = messages.map((one) => JSON.stringify({ ...one, padding: ' '.repeat(padding) }));
    while (!this.ended) {
      try {
        if (isTopic(from)) await this.send(from.topic, messages, bodies);
        else await this.publish(from.subject, name, messages, bodies);
        this.failed.delete(name);
        return;
      } catch (error) {
        this.failed.set(name, String(error));
        await pause(500);
      }
    }
  }

  private async send(topic: string, messages: readonly Travelling[], bodies: readonly string[]): Promise<void> {
    await this.producer.send({ topic, messages: bodies.map((value, at) => ({ key: messages[at]!.key, value })) });
  }

  private async publish(
    subject: string,
    name: FlowName,
    messages: readonly Travelling[],
    bodies: readonly string[],
  ): Promise<void> {
    await Promise.all(
      bodies.map((body, at) => this.jetstream.publish(subject, body, { msgID: `${name}-${messages[at]!.id}` })),
    );
  }
}
