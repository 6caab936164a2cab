import { inspect } from 'node:util';
import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import type { LogFields, Logger as BrokerLogger } from '../driver/index.js';
import { stackWithCauses } from '../errors/index.js';

/** Logs through Nest's logger, always in the context `MultiBroker`, so that lines can be filtered by it. */
export class NestLog implements BrokerLogger {
  private readonly logger = new Logger('MultiBroker');

  debug(message: string): void {
    this.logger.debug(message);
  }

  info(message: string): void {
    this.logger.log(message);
  }

  warn(message: string, fields?: LogFields): void {
    if (fields === undefined) this.logger.warn(message);
    else this.logger.warn(...this.line(message, fields));
  }

  /** Passes the stack as text: Nest 11 prints an Error object as `{}`. */
  error(message: string, cause?: Error, fields?: LogFields): void {
    const stack = cause && stackWithCauses(cause);
    if (fields === undefined) this.logger.error(message, stack);
    else this.logger.error(...this.line(message, fields, stack));
  }

  private line(message: string, fields: LogFields, stack?: string): [unknown, ...unknown[]] {
    const last = stack === undefined ? [] : [stack];
    switch (wayOf(this.logger.localInstance)) {
      case 'text':
        return [message, ...last];
      case 'params':
        return [message, fields, ...last];
      case 'object':
        return [{ message, ...fields }, ...last];
      default:
        return [new LogRecord(message, fields, stack), message];
    }
  }
}

/** Members of Nest's console logger that are read beyond its public type. */
interface ConsoleLike {
  readonly options?: { readonly json?: boolean; readonly structuredParams?: boolean };
  /** Since Nest 12. */
  readonly stringifyParams?: unknown;
}

/**
 * How fields are passed to the logger. Nest's own logger writes them only as JSON: Nest 12 as `params`, while Nest 11
 * would log them as a separate line, so they become part of the message. Text omits them: the sentence names the same.
 */
function wayOf(logger: LoggerService | undefined): 'text' | 'params' | 'object' | 'record' {
  if (logger === undefined) return 'text';
  if (!(logger instanceof ConsoleLogger)) return 'record';
  const { options, stringifyParams } = logger as object as ConsoleLike;
  if (options?.json !== true) return 'text';
  return stringifyParams !== undefined && options.structuredParams !== false ? 'params' : 'object';
}

/**
 * A line with fields for a logger other than Nest's: pino and winston take the fields from an object, and a logger that
 * needs text calls `toString()`.
 */
export class LogRecord {
  readonly code?: string | undefined;
  readonly broker: string;
  readonly handler: string;
  readonly messageId: string;
  readonly correlationId: string;
  readonly attempt: number;
  readonly cause?: string | undefined;
  readonly stack?: string;
  /** Not a TypeScript `private`: loggers write every enumerable property. */
  readonly #text: string;

  constructor(text: string, fields: LogFields, stack: string | undefined) {
    this.#text = text;
    this.code = fields.code;
    this.broker = fields.broker;
    this.handler = fields.handler;
    this.messageId = fields.messageId;
    this.correlationId = fields.correlationId;
    this.attempt = fields.attempt;
    this.cause = fields.cause;
    if (stack !== undefined) this.stack = stack;
  }

  /** A getter, not a field: pino receives the text as its `msg`, and would write it twice. */
  get message(): string {
    return this.#text;
  }

  toString(): string {
    return this.stack === undefined ? this.#text : `${this.#text}\n${this.stack}`;
  }

  toJSON(): object {
    return Object.assign({ message: this.#text }, this);
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
