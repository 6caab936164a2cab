import type { DeliveryContext } from '../delivery/index.js';
import { asError } from '../errors/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import type { HandlerRecord, MockResult } from './handler-mock.js';

/** One attempt: a call of the mock as soon as it has reached the method. */
export class HandlerCall {
  #result: MockResult | undefined;

  constructor(
    private readonly record: HandlerRecord,
    private readonly context: DeliveryContext,
  ) {}

  /** An interceptor may call a method again: it is one attempt. */
  reached(): void {
    this.#result ??= this.record.called(this.context.message.payload);
  }

  returned(value: unknown): void {
    if (this.#result) Object.assign(this.#result, { type: 'return', value });
  }

  failed(thrown: unknown): Error {
    const error = asError(thrown);
    if (this.#result) Object.assign(this.#result, { type: 'throw', value: error });
    return error;
  }
}

/** A handler whose calls are noted down. */
export class WatchedHandler {
  constructor(
    private readonly declaration: HandlerDeclaration,
    private readonly record: HandlerRecord,
  ) {}

  begin(context: DeliveryContext): HandlerCall {
    const call = new HandlerCall(this.record, context);
    // A function that was subscribed by hand has no guards, interceptors or pipes before it.
    if (this.declaration.method === undefined) call.reached();
    return call;
  }

  run(context: DeliveryContext, call: HandlerCall): unknown {
    try {
      const value = this.declaration.call(context);
      if (isThenable(value)) return ends(call, value);
      call.returned(value);
      return value;
    } catch (thrown) {
      throw call.failed(thrown);
    }
  }
}

/** A promise is looked at from aside, as a further one costs as much as the rest of the record. */
function ends(call: HandlerCall, value: PromiseLike<unknown>): PromiseLike<unknown> {
  if (!(value instanceof Promise)) return endsOnce(call, value);
  value.then(
    (given) => call.returned(given),
    (thrown: unknown) => void call.failed(thrown),
  );
  return value;
}

/** What is no Promise may begin its work with each `then`, as a query of a query builder does. */
async function endsOnce(call: HandlerCall, value: PromiseLike<unknown>): Promise<unknown> {
  try {
    const given = await value;
    call.returned(given);
    return given;
  } catch (thrown) {
    throw call.failed(thrown);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
