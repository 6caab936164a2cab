import type { Clock } from '../async/index.js';
import type { BrokerDefinition } from '../driver/index.js';

interface Parts {
  readonly clock: Pick<Clock, 'now'>;
  definition(broker: string): BrokerDefinition | undefined;
  isOver(): boolean;
}

/** What a page about the application needs of its brokers, and other code does not. */
export class PageAccess {
  private readonly ends = new Set<() => void>();

  constructor(private readonly parts: Parts) {}

  /** By the clock of the brokers, in milliseconds since 1970. */
  now(): number {
    return this.parts.clock.now();
  }

  definitionOf(broker: string): BrokerDefinition | undefined {
    return this.parts.definition(broker);
  }

  /** Whether the application is being stopped, or is. */
  get isOver(): boolean {
    return this.parts.isOver();
  }

  /** Calls `end` at every stop, once the handlers have ended and before the server stops listening. Must not throw. */
  onDrained(end: () => void): void {
    this.ends.add(end);
  }

  /** @internal */
  drained(): void {
    for (const end of this.ends) end();
  }
}
