import { Injectable, Logger } from '@nestjs/common';
import { Ctx, type DeadLetter, MessageContext, MultiBroker, type RedriveResult, Subscribe } from 'nestjs-multi-broker';
import { deadLetters } from './brokers.js';

const place = { broker: 'parking', source: deadLetters };

/** What an operator does with dead letters. */
@Injectable()
export class DeadLetterDesk {
  private readonly logger = new Logger(DeadLetterDesk.name);

  constructor(private readonly brokers: MultiBroker) {}

  /** Tells of each letter as it is parked; its durable is its own, and takes nothing from a redrive. */
  @Subscribe('parking', deadLetters)
  alarm(@Ctx() { message: { headers } }: MessageContext): void {
    this.logger.warn(`${headers['dead-letter-handler']} has parked a message: ${headers['dead-letter-message']}`);
  }

  async list(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const letter of this.brokers.deadLetters(place, { limit: 100 })) letters.push(letter);
    return letters;
  }

  /** Those of one handler, through the handler itself. */
  redrive(handler: string): Promise<RedriveResult> {
    return this.brokers.redrive(place, { filter: (letter) => letter.handler === handler, ratePerSecond: 100 });
  }
}
