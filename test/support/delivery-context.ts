import type { DeliveryContext } from '../../lib/delivery/index.js';
import { Broker, type BrokerMessage, type Headers, MessageContext } from '../../lib/driver/index.js';

export interface ContextFields {
  readonly body?: string | Uint8Array | null;
  readonly headers?: Headers;
  readonly key?: string;
  readonly emptyMayBeNull?: boolean;
  readonly params?: Readonly<Record<string, string>>;
  readonly broker?: Broker;
}

/** A delivery context without a delivery, for tests of what handlers do with one. */
export class TestContext extends MessageContext implements DeliveryContext {
  readonly source = 'source';
  readonly params: Readonly<Record<string, string>>;
  readonly signal = new AbortController().signal;
  readonly broker: Broker;
  readonly body: Uint8Array | null;
  readonly emptyMayBeNull: boolean;
  readonly textHeaders: Headers;
  readonly message: BrokerMessage & { payload: unknown };
  readonly settled: string[] = [];

  constructor({ body = null, headers = {}, key, params = {}, broker, emptyMayBeNull = false }: ContextFields = {}) {
    super();
    this.params = params;
    // Nothing under test calls it: its name is all that errors say of it.
    this.broker = broker ?? (Object.create(Broker.prototype, { name: { value: 'orders' } }) as Broker);
    this.body = typeof body === 'string' ? Buffer.from(body) : body;
    this.textHeaders = headers;
    this.emptyMayBeNull = emptyMayBeNull;
    const ids = { raw: undefined, rawHeaders: [], id: '1', correlationId: '1', timestamp: 0, attempt: 1 };
    this.message = { payload: undefined, headers, ...(key !== undefined && { key }), ...ids };
  }

  decoded(payload: unknown): void {
    this.message.payload = payload;
  }

  keepScope(): void {}

  failed(_thrown: unknown): void {}

  enter<T>(run: () => T): T {
    return run();
  }

  ack(): void {
    this.settled.push('ack');
  }

  nack(): void {
    this.settled.push('nack');
  }

  reject(): void {
    this.settled.push('reject');
  }

  deadLetter(): void {
    this.settled.push('dead-letter');
  }
}

/** A context whose payload is decoded already, as the pipeline gets it. */
export function contextOf(payload: unknown, fields: ContextFields = {}): TestContext {
  const context = new TestContext(fields);
  context.decoded(payload);
  return context;
}
