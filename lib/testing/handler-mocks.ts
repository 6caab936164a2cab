import { MultiBrokerError, nearestName } from '../errors/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import { CallOrder, type HandlerMock, HandlerRecord } from './handler-mock.js';
import { WatchedHandler } from './watched-handler.js';

/** A class, abstract ones included: a handler may be inherited. */
export type AnyClass<T = unknown> = abstract new (...args: never[]) => T;

/** The calls of all decorated handlers. A class has its own mocks, whatever others of its name there are. */
export class HandlerMocks {
  readonly #records = new Map<unknown, Map<string, HandlerRecord>>();
  readonly #order = new CallOrder();

  /** What calls the handler, with every call noted down. */
  watch(declaration: HandlerDeclaration): WatchedHandler {
    return new WatchedHandler(declaration, this.#recordOf(declaration));
  }

  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER with the nearest known name. */
  mock(type: AnyClass, method: string): HandlerMock {
    const own = this.#records.get(type)?.get(method);
    if (own !== undefined) return own.mock;
    const heirs = this.#heirs(type, method);
    if (heirs.length === 1 && heirs[0] !== undefined) return heirs[0].mock;
    throw heirs.length > 1 ? ambiguous(type, method, heirs) : this.#unknown(`${type.name}.${method}`);
  }

  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER with the nearest known name. */
  checkName(handler: string): void {
    for (const { name } of this.#all()) if (name === handler) return;
    throw this.#unknown(handler);
  }

  reset(): void {
    for (const record of this.#all()) record.clear();
  }

  #recordOf({ handler, method }: HandlerDeclaration): HandlerRecord {
    // What was declared without a class, by whoever makes declarations himself, is known by its name.
    const [type, name] = method === undefined ? [undefined, handler] : [method.type, method.name];
    const methods = this.#records.get(type) ?? new Map<string, HandlerRecord>();
    this.#records.set(type, methods);
    const record = methods.get(name) ?? new HandlerRecord(handler, this.#order);
    methods.set(name, record);
    return record;
  }

  /** Those of the classes that extend this one: an abstract class is no provider itself. */
  #heirs(type: AnyClass, method: string): HandlerRecord[] {
    const parent: unknown = type.prototype;
    return [...this.#records].flatMap(([heir, methods]) => {
      const record = methods.get(method);
      const isHeir = typeof heir === 'function' && isPrototypeOf(parent, heir.prototype);
      return isHeir && record !== undefined ? [record] : [];
    });
  }

  #unknown(name: string): MultiBrokerError {
    const known = [...this.#all()].map((record) => record.name);
    const near = nearestName(name, known);
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    const early = known.length === 0 ? ': the application has none, or is not initialised yet' : '';
    return new MultiBrokerError('MULTI_BROKER_UNKNOWN_HANDLER', `${name} is no handler${hint}${early}`);
  }

  *#all(): Iterable<HandlerRecord> {
    for (const methods of this.#records.values()) yield* methods.values();
  }
}

function ambiguous({ name }: AnyClass, method: string, heirs: readonly HandlerRecord[]): MultiBrokerError {
  const names = heirs.map((record) => record.name).join(' and ');
  const what = `${name}.${method} is inherited by more than one class: ask for ${names}`;
  return new MultiBrokerError('MULTI_BROKER_UNKNOWN_HANDLER', what);
}

function isPrototypeOf(parent: unknown, heir: unknown): boolean {
  return typeof parent === 'object' && parent !== null && Object.prototype.isPrototypeOf.call(parent, heir as object);
}
