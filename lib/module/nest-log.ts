import { Logger } from '@nestjs/common';
import type { Log } from '../driver/index.js';

/** Writes through Nest's logger, always under the same context name, so that it can be filtered by it. */
export class NestLog implements Log {
  private readonly logger = new Logger('MultiBroker');

  debug(message: string): void {
    this.logger.debug(message);
  }

  info(message: string): void {
    this.logger.log(message);
  }

  warn(message: string): void {
    this.logger.warn(message);
  }

  /** With the stack as text: Nest 11 prints an Error object as `{}`. */
  error(message: string, cause?: Error): void {
    this.logger.error(message, cause?.stack);
  }
}
