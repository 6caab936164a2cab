import { isThenable } from '../async/index.js';
import type { DeliveryContext } from '../delivery/index.js';
import { asError, errorOf, type MultiBrokerError, nearestName } from '../errors/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';

/** A class, possibly abstract: a handler may be inherited. */
export type AnyClass<T = unknown> = abstract new (...args: never[]) => T;

/** The calls of all decorated handlers, by class rather than by class name. */
export class HandlerMocks {
  private readonly records = new Map<unknown, Map<string, HandlerRecord>>();
  private readonly order = new CallOrder();

  /** A handler that records its calls. */
  watch(declaration: HandlerDeclaration): WatchedHandler {
    return new WatchedHandler(declaration, this.recordOf(declaration));
  }

  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER with the nearest known name. */
  mock(type: AnyClass, method: string): HandlerMock {
    const own = this.records.get(type)?.get(method);
    if (own !== undefined) return own.mock;
    const heirs = this.heirs(type, method);
    if (heirs.length === 1 && heirs[0] !== undefined) return heirs[0].mock;
    throw heirs.length > 1 ? ambiguous(type, method, heirs) : this.unknown(`${type.name}.${method}`);
  }

  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER with the nearest known name. */
  checkName(handler: string): void {
    for (const { name } of this.all()) if (name === handler) return;
    throw this.unknown(handler);
  }

  reset(): void {
    for (const record of this.all()) record.clear();
  }

  private recordOf({ handler, method }: HandlerDeclaration): HandlerRecord {
    // A declaration made without a class is known by its name only.
    const [type, name] = method === undefined ? [undefined, handler] : [method.type, method.name];
    const methods = this.records.get(type) ?? new Map<string, HandlerRecord>();
    this.records.set(type, methods);
    const record = methods.get(name) ?? new HandlerRecord(handler, this.order);
    methods.set(name, record);
    return record;
  }

  /** Records of classes that extend this one, since an abstract class is not a provider itself. */
  private heirs(type: AnyClass, method: string): HandlerRecord[] {
    const parent: unknown = type.prototype;
    return [...this.records].flatMap(([heir, methods]) => {
      const record = methods.get(method);
      const isHeir = typeof heir === 'function' && isPrototypeOf(parent, heir.prototype);
      return isHeir && record !== undefined ? [record] : [];
    });
  }

  private unknown(name: string): MultiBrokerError {
    const known = [...this.all()].map((record) => record.name);
    const near = nearestName(name, known);
    if (near !== undefined) return errorOf('MULTI_BROKER_UNKNOWN_HANDLER.harnessMisspelt', { handler: name, near });
    return known.length === 0
      ? errorOf('MULTI_BROKER_UNKNOWN_HANDLER.harnessNone', { handler: name })
      : errorOf('MULTI_BROKER_UNKNOWN_HANDLER.harness', { handler: name });
  }

  private *all(): Iterable<HandlerRecord> {
    for (const methods of this.records.values()) yield* methods.values();
  }
}

function ambiguous({ name }: AnyClass, method: string, heirs: readonly HandlerRecord[]): MultiBrokerError {
  const handlers = heirs.map((record) => record.name).join(' and ');
  return errorOf('MULTI_BROKER_UNKNOWN_HANDLER.harnessInherited', { handler: `${name}.${method}`, handlers });
}

function isPrototypeOf(parent: unknown, heir: unknown): boolean {
  return typeof parent === 'object' && parent !== null && Object.prototype.isPrototypeOf.call(parent, heir as object);
}

/** Result of one call, in the form that `expect` of Jest and Vitest reads. */
export interface MockResult {
  type: 'return' | 'throw' | 'incomplete';
  value: unknown;
}

/**
 * The calls of one handler, for `expect(harness.handler(Class, 'method')).toHaveBeenCalledWith(payload)`: one call for
 * each attempt that reaches the method, with one argument, the decoded payload. It does not belong to a test framework:
 * `harness.reset()` clears it, and a framework's `clearMocks` does not.
 */
export interface HandlerMock<P = unknown> {
  readonly _isMockFunction: true;
  getMockName(): string;
  readonly mock: {
    readonly calls: [payload: P][];
    readonly results: MockResult[];
    readonly settledResults: MockResult[];
    readonly lastCall: [payload: P] | undefined;
    readonly contexts: unknown[];
    readonly instances: unknown[];
    readonly invocationCallOrder: number[];
  };
}

/** Numbers calls over all mocks of a module, for `toHaveBeenCalledBefore`. */
export class CallOrder {
  private last = 0;

  next(): number {
    return ++this.last;
  }
}

/** Records the calls of one handler, for its {@link HandlerMock}. */
export class HandlerRecord {
  private currentMock: HandlerMock | undefined;
  private readonly calls: [unknown][] = [];
  private readonly results: MockResult[] = [];
  private readonly order: number[] = [];

  constructor(
    readonly name: string,
    private readonly callOrder: CallOrder,
  ) {}

  /** Created on first access. */
  get mock(): HandlerMock {
    return (this.currentMock ??= mockOf(this.name, this.calls, this.results, this.order));
  }

  /** Records a call that starts; its result is filled in when it ends. */
  called(payload: unknown): MockResult {
    const result: MockResult = { type: 'incomplete', value: undefined };
    this.calls.push([payload]);
    this.results.push(result);
    this.order.push(this.callOrder.next());
    return result;
  }

  clear(): void {
    for (const list of [this.calls, this.results, this.order]) list.length = 0;
  }
}

/** Creates the mock: a function, since some matchers require one, that must not be called. */
function mockOf(name: string, calls: [unknown][], results: MockResult[], order: number[]): HandlerMock {
  const own = {
    _isMockFunction: true as const,
    getMockName: () => name,
    mock: {
      calls,
      results,
      settledResults: results,
      contexts: [],
      instances: [],
      invocationCallOrder: order,
      get lastCall() {
        return calls.at(-1);
      },
    },
  };
  return Object.assign(() => {
    throw new TypeError(`${name} is what was recorded of a handler; publish a message to have it called`);
  }, own);
}

/** One attempt, recorded as a call once it reaches the method. */
export class HandlerCall {
  private result: MockResult | undefined;

  constructor(
    private readonly record: HandlerRecord,
    private readonly context: DeliveryContext,
  ) {}

  /** Records the first call only: an interceptor may repeat the call within one attempt. */
  reached(): void {
    this.result ??= this.record.called(this.context.message.payload);
  }

  returned(value: unknown): void {
    if (this.result) Object.assign(this.result, { type: 'return', value });
  }

  failed(thrown: unknown): Error {
    const error = asError(thrown);
    if (this.result) Object.assign(this.result, { type: 'throw', value: error });
    return error;
  }
}

/** A handler that records its calls. */
export class WatchedHandler {
  constructor(
    private readonly declaration: HandlerDeclaration,
    private readonly record: HandlerRecord,
  ) {}

  begin(context: DeliveryContext): HandlerCall {
    const call = new HandlerCall(this.record, context);
    // A function given to `broker.subscribe()` has no guards, interceptors or pipes.
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

/** Observes a promise without chaining, as a derived promise costs as much as the rest of the record. */
function ends(call: HandlerCall, value: PromiseLike<unknown>): PromiseLike<unknown> {
  if (!(value instanceof Promise)) return endsOnce(call, value);
  value.then(
    (given) => call.returned(given),
    (thrown: unknown) => void call.failed(thrown),
  );
  return value;
}

/** Only a native Promise is observed: another thenable, such as a query builder, may run again at each `then`. */
async function endsOnce(call: HandlerCall, value: PromiseLike<unknown>): Promise<unknown> {
  try {
    const given = await value;
    call.returned(given);
    return given;
  } catch (thrown) {
    throw call.failed(thrown);
  }
}
