import type { IncomingMessage, ServerResponse } from 'node:http';
import { failureOf, Refusal } from './failure.js';

/** A request of either HTTP adapter: Express hands over Node's own, Fastify a wrapper. */
export interface AdapterRequest {
  readonly raw?: IncomingMessage;
  readonly body?: unknown;
}

/** The same of a response. */
export interface AdapterResponse {
  readonly raw?: ServerResponse;
  /** Fastify's: from then on the response is the handler's. */
  hijack?(): unknown;
}

/** The largest body that is read, in bytes. */
const MOST_BYTES = 1_048_576;

/** One request and its answer, the same on Express and Fastify: both have Node's own objects underneath. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;

  constructor(
    /** As the adapter gives it, with what its middleware has set: for guards. */
    readonly given: AdapterRequest,
    readonly givenResponse: AdapterResponse,
  ) {
    givenResponse.hijack?.();
    this.request = given.raw ?? (given as unknown as IncomingMessage);
    this.response = givenResponse.raw ?? (givenResponse as unknown as ServerResponse);
  }

  /** The path of the URL, without its query. */
  get path(): string {
    return (this.request.url ?? '').split('?')[0] ?? '';
  }

  /** Whether it is answered, or nobody waits for the answer. */
  get isOver(): boolean {
    return this.response.headersSent || this.response.destroyed;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** @throws Refusal for what is no JSON object */
  async json(): Promise<Readonly<Record<string, unknown>>> {
    // A body parser that ran before has read the stream.
    const value = this.given.body ?? parsed(await this.text());
    if (typeof value !== 'object' || value === null) throw new Refusal(400, 'The body must be a JSON object');
    return value as Readonly<Record<string, unknown>>;
  }

  answer(status: number, contentType: string, body: string | Uint8Array, headers: Record<string, string> = {}): void {
    if (this.response.headersSent) return;
    this.response.writeHead(status, {
      'content-type': contentType,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      ...headers,
    });
    this.response.end(this.request.method === 'HEAD' ? undefined : body);
  }

  answerJson(status: number, value: unknown, headers?: Record<string, string>): void {
    this.answer(status, 'application/json; charset=utf-8', JSON.stringify(value), headers);
  }

  /** Answers for an application that is being stopped: a server that closes waits for each answer. */
  end(): void {
    this.answerJson(503, { error: 'The application is being stopped' }, { connection: 'close' });
  }

  fail(thrown: unknown): void {
    const { status, text } = failureOf(thrown);
    this.answerJson(status, { error: text });
  }

  private async text(): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.request) {
      size += (chunk as Buffer).length;
      if (size > MOST_BYTES) throw new Refusal(413, 'The body is too large');
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
