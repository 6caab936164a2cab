import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import type { Log, LogFields } from '../driver/index.js';
import { stackWithCauses } from '../errors/index.js';
import { LogRecord } from './log-record.js';

/** Writes through Nest's logger, always under the same context name, so that it can be filtered by it. */
export class NestLog implements Log {
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

  /** With the stack as text: Nest 11 prints an Error object as `{}`. */
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

/** What is read of Nest's console logger, beside its public face. */
interface ConsoleLike {
  readonly options?: { readonly json?: boolean; readonly structuredParams?: boolean };
  /** Since Nest 12. */
  readonly stringifyParams?: unknown;
}

/**
 * How a line's fields are given. Nest's own logger writes them where it writes JSON: Nest 12 as `params`; Nest 11 would
 * make them a line of their own, and has them as a part of the message. As text, the sentence names what they name.
 */
function wayOf(logger: LoggerService | undefined): 'text' | 'params' | 'object' | 'record' {
  if (logger === undefined) return 'text';
  if (!(logger instanceof ConsoleLogger)) return 'record';
  const { options, stringifyParams } = logger as object as ConsoleLike;
  if (options?.json !== true) return 'text';
  return stringifyParams !== undefined && options.structuredParams !== false ? 'params' : 'object';
}
