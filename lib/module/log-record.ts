import { inspect } from 'node:util';
import type { LogFields } from '../driver/index.js';

/**
 * A line with fields for a logger that is not Nest's own: pino and winston take the fields from an object, and one that
 * writes texts finds the text in it.
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

  /** Not a field of its own: pino is given it as its `msg`, and would write it twice. */
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
