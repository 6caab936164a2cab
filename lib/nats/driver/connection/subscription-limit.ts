import type { Connection } from './connection.js';

const TOO_MANY = /maximum subscriptions/i;

/**
 * The limit of subscriptions of a connection or an account: the server does not name the one that it refuses, and the
 * clients go on as if it were there. A start fails by it; after a reconnect, to a server with another limit, health tells.
 */
export class SubscriptionLimit {
  private refusal: string | undefined;
  private readonly starts = new Set<(why: string) => void>();

  constructor(connection: Pick<Connection, 'listen'>) {
    connection.listen({
      down: () => {
        this.refusal = undefined;
      },
      serverError: (why) => {
        if (TOO_MANY.test(why)) this.reached(why);
      },
    });
  }

  /** For health, as long as the connection lasts. */
  get issue(): string | undefined {
    if (this.refusal === undefined) return undefined;
    return `the server refused a subscription and does not say which (${this.refusal}): some source may not be read, or publishes not be confirmed, until the next connection`;
  }

  /** Returns the server's words if it refused a subscription meanwhile. `act` is to end behind a PONG. */
  async during(act: () => Promise<void>): Promise<string | undefined> {
    let refusal: string | undefined;
    const hear = (why: string): void => {
      refusal = why;
    };
    this.starts.add(hear);
    try {
      await act();
    } finally {
      this.starts.delete(hear);
    }
    return refusal;
  }

  private reached(why: string): void {
    if (this.starts.size === 0) this.refusal = why;
    for (const hear of this.starts) hear(why);
  }
}
