import type { Type } from '@nestjs/common';
import type { DeliveryContext } from '../delivery/index.js';
import { asError, MultiBrokerError, nearestName } from '../errors/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import { CallOrder, type HandlerMock, HandlerRecord, type MockResult } from './handler-mock.js';

/** What was seen of all handlers: their calls, and the failures that no later attempt made good. */
export class HandlerRecords {
  readonly #records = new Map<string, HandlerRecord>();
  readonly #failures = new Map<string, Error>();
  readonly #order = new CallOrder();

  /** The declaration, with every call noted down. */
  watch(declaration: HandlerDeclaration): HandlerDeclaration {
    const record = this.#records.get(declaration.handler) ?? new HandlerRecord(declaration.handler, this.#order);
    this.#records.set(declaration.handler, record);
    return { ...declaration, call: (context) => this.#call(declaration, record, context) };
  }

  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER with the nearest known name. */
  mock(type: Type, method: string): HandlerMock {
    const name = `${type.name}.${method}`;
    const record = this.#records.get(name);
    if (record !== undefined) return record.mock;
    const near = nearestName(name, [...this.#records.keys()]);
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    throw new MultiBrokerError('MULTI_BROKER_UNKNOWN_HANDLER', `${name} is no handler${hint}`);
  }

  /** Failures that nothing made good, each told once. */
  takeFailures(): readonly Error[] {
    const failures = [...new Set(this.#failures.values())];
    this.#failures.clear();
    return failures;
  }

  reset(): void {
    this.#failures.clear();
    for (const record of this.#records.values()) record.clear();
  }

  #call(declaration: HandlerDeclaration, record: HandlerRecord, context: DeliveryContext): unknown {
    const result = record.called(context.message.payload);
    const delivery = `${declaration.handler} ${context.message.id}`;
    try {
      const value = declaration.call(context);
      if (isThenable(value)) return this.#ends(delivery, result, value);
      this.#succeeded(delivery, result, value);
      return value;
    } catch (thrown) {
      throw this.#failed(delivery, result, thrown);
    }
  }

  async #ends(delivery: string, result: MockResult, value: PromiseLike<unknown>): Promise<unknown> {
    try {
      const returned = await value;
      this.#succeeded(delivery, result, returned);
      return returned;
    } catch (thrown) {
      throw this.#failed(delivery, result, thrown);
    }
  }

  #succeeded(delivery: string, result: MockResult, value: unknown): void {
    Object.assign(result, { type: 'return', value });
    this.#failures.delete(delivery);
  }

  #failed(delivery: string, result: MockResult, thrown: unknown): Error {
    const error = asError(thrown);
    Object.assign(result, { type: 'throw', value: error });
    this.#failures.set(delivery, error);
    return error;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
