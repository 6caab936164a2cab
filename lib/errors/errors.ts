import { catalogue, type ErrorCode } from './catalogue/index.js';
import { textOf } from './messages.js';

const brand = Symbol.for('nestjs-multi-broker.error');

/** Details of an error in addition to its code. */
export interface ErrorDetails {
  /** Name of the broker concerned. */
  readonly broker?: string | undefined;
  /** `Class.method` of the handler concerned. */
  readonly handler?: string | undefined;
  /** The underlying error. */
  readonly cause?: unknown;
  /** Overrides the catalogue for this case. */
  readonly retryable?: boolean | undefined;
}

/**
 * An error of this library. The message ends with a remedy.
 *
 * Recognise one by {@link isMultiBrokerError} and its `code` rather than by `instanceof`, which fails for errors of
 * another copy of the package.
 */
export class MultiBrokerError extends Error {
  /** Stable code, listed in docs/errors.md. */
  readonly code: ErrorCode;
  /** Name of the broker, where one is known. */
  readonly broker: string | undefined;
  /** `Class.method` of the handler, where one is known. */
  readonly handler: string | undefined;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** @internal */
  readonly [brand] = true;

  /**
   * For drivers of your own: the library's errors have the texts of its catalogue.
   *
   * @param what what is wrong, without payloads or credentials; the remedy of the code is appended
   */
  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    super(sentence(what, catalogue[code].remedy), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MultiBrokerError';
    this.code = code;
    this.broker = details.broker;
    this.handler = details.handler;
    this.retryable = details.retryable ?? catalogue[code].retryable;
  }
}

/** Whether a thrown value is an error of this library, including other copies of the package. */
export function isMultiBrokerError(value: unknown): value is MultiBrokerError {
  return typeof value === 'object' && value !== null && brand in value;
}

function sentence(what: string, remedy: string): string {
  if (what.endsWith('\n')) return `${what}${remedy}`;
  return /[.!?]$/.test(what) ? `${what} ${remedy}` : `${what}. ${remedy}`;
}

/** A broker that did not start, and why. */
export interface StartFailure {
  /** Name of the broker. */
  readonly broker: string;
  /** The reason. */
  readonly error: Error;
}

/** One or more brokers did not start; those that had started were closed. */
export class BrokerStartError extends MultiBrokerError {
  /** The brokers that failed. */
  readonly failures: readonly StartFailure[];

  constructor(failures: readonly StartFailure[]) {
    const lines = failures.map(({ broker, error }) => `  - '${broker}': ${error.message}`);
    const code = 'MULTI_BROKER_START_FAILED';
    super(code, textOf(code, { failures: lines.join('\n') }), { cause: failures[0]?.error });
    this.name = 'BrokerStartError';
    this.failures = failures;
  }
}

/** Details of a {@link PublishError}. */
export interface PublishErrorDetails extends ErrorDetails {
  /** Whether the server may have the message nevertheless. */
  readonly written: 'no' | 'maybe';
}

/**
 * A publish that was not confirmed.
 *
 * `written: 'no'`: the server does not have the message. `'maybe'`: unknown; retry only if a duplicate does no harm, or
 * with the same dedupe id.
 */
export class PublishError extends MultiBrokerError {
  /** Whether the server may have the message nevertheless. */
  readonly written: 'no' | 'maybe';

  /** For drivers of your own, as that of {@link MultiBrokerError}. */
  constructor(code: ErrorCode, what: string, details: PublishErrorDetails) {
    super(code, what, details);
    this.name = 'PublishError';
    this.written = details.written;
  }
}

/** All configuration mistakes of an application, reported together before anything connects. */
export class WiringError extends MultiBrokerError {
  /** The mistakes, each with its own code. */
  readonly problems: readonly MultiBrokerError[];

  constructor(problems: readonly MultiBrokerError[]) {
    const lines = problems.map((problem) => `  - [${problem.code}] ${problem.message}`);
    super('MULTI_BROKER_WIRING', textOf('MULTI_BROKER_WIRING.problems', { problems: lines.join('\n') }));
    this.name = 'WiringError';
    this.problems = problems;
  }
}

const COPIES = Symbol.for('nestjs-multi-broker.copies');

/**
 * Files of all copies of this package that are loaded in the process, including this one. With more than one copy,
 * classes differ between copies, and `overrideModule(MultiBrokerModule)` of one copy leaves the brokers of the other
 * real.
 */
export function loadedCopies(): readonly string[] {
  return [...registry()];
}

function registry(): Set<string> {
  const shared = globalThis as { [COPIES]?: Set<string> };
  return (shared[COPIES] ??= new Set());
}

/** Found by a stack, since neither `import.meta` nor `__filename` exists in both module formats. */
function thisFile(): string | undefined {
  const frame = new Error().stack?.split('\n')[1];
  // A test runner that evaluates the file more than once may add a query to its name.
  return frame && /(?:\(|at )((?:file:\/\/|\/|[A-Za-z]:[\\/])[^?]*?)(?:\?[^:]*)?(?::\d+){1,2}\)?$/.exec(frame)?.[1];
}

const here = thisFile();
if (here !== undefined) registry().add(here);
