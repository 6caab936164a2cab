import type { Producer } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { patientKafka } from './ends.js';
import { IN, type Travelling } from './setting.js';

const KEYS = 40;
const BATCH = 20;

/** Writes to the source, some 1,000 messages a second while it can, until it is ended. */
export class Writer {
  private next = 0;
  private ended = false;
  private readonly producer: Producer;
  private readonly running: Promise<void>;

  constructor(brokers: readonly string[]) {
    this.producer = patientKafka(brokers).producer();
    this.running = this.run();
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.running;
  }

  private async run(): Promise<void> {
    await this.producer.connect();
    for (; !this.ended; await pause(20)) {
      const batch = Array.from({ length: BATCH }, () => this.message());
      await this.producer.send({
        topic: IN,
        messages: batch.map((one) => ({ key: one.key, value: JSON.stringify(one) })),
      });
    }
    await this.producer.disconnect();
  }

  private message(): Travelling {
    const id = this.next++;
    return { id, key: String(id % KEYS) };
  }
}
