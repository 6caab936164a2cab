import type { ServerResponse } from 'node:http';
import { asError, withoutCredentials } from '../../../errors/index.js';
import { Watch, type Watched } from './watch.js';

// Taken when the module loads, so that a test's fake timers do not stop the view.
const { setInterval: startTimer, clearInterval: stopTimer } = globalThis;

/** The content type of its events. */
export const EVENTS = 'text/event-stream; charset=utf-8';

/** How often the view is told, in milliseconds. */
const EVERY_MS = 1_000;
/** How soon a browser comes back by itself after a connection that was cut, in milliseconds. */
const RETRY_MS = 2_000;
/** The most browsers at once: each is a connection that is kept open. */
const MOST_CLIENTS = 50;

/** The live view: what it shows goes to each browser as server-sent events. Nothing is watched while nobody looks. */
export class Live {
  private readonly clients = new Set<ServerResponse>();
  private watch: Watch | undefined;
  private timer: NodeJS.Timeout | undefined;
  private latest = '';

  constructor(private readonly brokers: Watched) {}

  /** Answers with events until the browser leaves or the application stops. */
  open(response: ServerResponse): void {
    // It may have left while the guard was asked: there will be no event that tells it.
    if (response.destroyed || response.writableEnded) return;
    if (this.brokers.page.isOver || this.clients.size >= MOST_CLIENTS) {
      // An EventSource gives up after any answer but 200; the page asks again in 5 s, and by another connection.
      response.writeHead(503, { connection: 'close' }).end();
      return;
    }
    response.writeHead(200, {
      'content-type': EVENTS,
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${String(RETRY_MS)}\n\n`);
    this.clients.add(response);
    response.once('close', () => this.left(response));
    this.begin();
    response.write(this.latest);
  }

  /** Ends all connections. Browsers come back, and are refused while the application is over. */
  end(): void {
    for (const client of this.clients) client.end();
    this.clients.clear();
    this.pause();
  }

  private begin(): void {
    if (this.timer !== undefined) return;
    this.watch = new Watch(this.brokers);
    this.timer = startTimer(() => this.tell(), EVERY_MS).unref();
    this.look();
  }

  private left(client: ServerResponse): void {
    this.clients.delete(client);
    if (this.clients.size === 0) this.pause();
  }

  private pause(): void {
    stopTimer(this.timer);
    this.timer = undefined;
    this.watch?.end();
    this.watch = undefined;
  }

  private tell(): void {
    this.look();
    for (const client of this.clients) {
      // A browser that does not keep up gets the next state, and no queue of old ones.
      if (!client.writableNeedDrain) client.write(this.latest);
    }
  }

  /** Runs by a timer, where an error would end the process: of a late broker the wiring may fail. */
  private look(): void {
    try {
      this.latest = eventOf(JSON.stringify(this.watch?.snapshot()));
    } catch (thrown) {
      this.latest = eventOf(JSON.stringify({ error: withoutCredentials(asError(thrown).message) }));
    }
  }
}

const eventOf = (json: string): string => `event: state\ndata: ${json}\n\n`;
