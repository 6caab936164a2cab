import type { ErrorCode } from './catalogue.js';
import { type ErrorDetails, MultiBrokerError } from './multi-broker-error.js';

/**
 * A publish that was not confirmed.
 *
 * `written: 'no'` – the server does not have it; `'maybe'` – nobody knows: repeat it only where a duplicate does no
 * harm, or under the same dedupe id.
 */
export class PublishError extends MultiBrokerError {
  /** Whether the server may have the message all the same. */
  readonly written: 'no' | 'maybe';

  constructor(code: ErrorCode, what: string, details: ErrorDetails & { readonly written: 'no' | 'maybe' }) {
    super(code, what, details);
    this.name = 'PublishError';
    this.written = details.written;
  }
}
