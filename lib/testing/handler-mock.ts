/** What one call of a handler came to, as `expect` of Jest and Vitest reads it. */
export interface MockResult {
  type: 'return' | 'throw' | 'incomplete';
  value: unknown;
}

/**
 * The calls of one handler, for `expect(harness.handler(Class, 'method')).toHaveBeenCalledWith(payload)`: one call for
 * each attempt that reaches the method, with one argument, the decoded payload. It belongs to no test framework, so it is cleared by
 * `harness.reset()` and not by a framework's `clearMocks`.
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
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}

/** Fills a {@link HandlerMock}. */
export class HandlerRecord {
  #mock: HandlerMock | undefined;
  readonly #calls: [unknown][] = [];
  readonly #results: MockResult[] = [];
  readonly #order: number[] = [];

  constructor(
    readonly name: string,
    private readonly callOrder: CallOrder,
  ) {}

  /** The same each time. */
  get mock(): HandlerMock {
    return (this.#mock ??= mockOf(this.name, this.#calls, this.#results, this.#order));
  }

  /** A call begins; the result is filled in when it ends. */
  called(payload: unknown): MockResult {
    const result: MockResult = { type: 'incomplete', value: undefined };
    this.#calls.push([payload]);
    this.#results.push(result);
    this.#order.push(this.callOrder.next());
    return result;
  }

  clear(): void {
    for (const list of [this.#calls, this.#results, this.#order]) list.length = 0;
  }
}

/** A function, for some matchers ask for one; it is not to be called. */
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
