import type { SpanContext } from '@opentelemetry/api';
import type { Incoming, Outgoing } from '../driver/index.js';
import type { ProcessSpan } from './process-span.js';

/** Where consumers and producers find each other's spans. */
export class KnownSpans {
  /** The newest span in which a message is handled. */
  readonly handled = new WeakMap<Incoming, ProcessSpan>();
  /** The span in which a dead letter is sent. */
  readonly letters = new WeakMap<Outgoing, SpanContext>();
}
