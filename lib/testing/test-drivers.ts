import { Inject, Injectable, type OnModuleDestroy, Optional } from '@nestjs/common';
import { type BrokerDefinition, type Clock, type Driver, systemClock } from '../driver/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import { DriverSource } from '../lifecycle/index.js';
import { Turns, withTurns } from '../twin/index.js';
import { HandlerRecords } from './handler-records.js';
import { PublishedMessages } from './published.js';
import { TestClock } from './test-clock.js';
import { SETTLE_TIMEOUT_MS, TESTING_OPTIONS, type TestingOptions } from './testing-options.js';

/** Where drivers come from in a test: twins on a clock that stands still, or the real ones; and what was seen of them. */
@Injectable()
export class TestDrivers extends DriverSource implements OnModuleDestroy {
  readonly turns = new Turns();
  /** Of twins. */
  readonly testClock = new TestClock(this.turns);
  readonly handlers = new HandlerRecords();
  /** Of the brokers that were connected. */
  readonly definitions = new Map<string, BrokerDefinition>();
  readonly #published = new Map<string, PublishedMessages>();

  constructor(@Optional() @Inject(TESTING_OPTIONS) readonly options: TestingOptions = {}) {
    super();
  }

  get clock(): Clock {
    return this.options.real === true ? systemClock : this.testClock;
  }

  async open(definition: BrokerDefinition): Promise<Driver> {
    this.definitions.set(definition.name, definition);
    const published = this.published(definition.name);
    if (this.options.real === true) return published.of(await definition.driver(), (io) => io);
    // All twins deliver in the turns that are waited for.
    return published.of(await definition.twin(), (io) => withTurns(io, this.turns));
  }

  published(broker: string): PublishedMessages {
    const known = this.#published.get(broker) ?? new PublishedMessages();
    this.#published.set(broker, known);
    return known;
  }

  /** On twins a retry in place follows at once: its delay would only move a clock that stands still. */
  override watch(declaration: HandlerDeclaration): HandlerDeclaration {
    const watched = this.handlers.watch(declaration);
    if (this.options.real === true) return watched;
    const { options } = watched;
    return { ...watched, options: { ...options, retry: { ...options.retry, delayMs: 0 } } };
  }

  /** Comes before the handlers are stopped: see the testing module. */
  onModuleDestroy(): void {
    this.testClock.release(this.options.settleTimeoutMs ?? SETTLE_TIMEOUT_MS);
  }

  reset(): void {
    this.handlers.reset();
    for (const published of this.#published.values()) published.all.length = 0;
  }
}
