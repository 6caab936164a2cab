import { auto, type Codec } from '../codec/index.js';
import { type Binding, CONCURRENT_REQUESTS } from '../delivery/index.js';
import type { HandlerOptions, RetryOptions, SubscribeOptions } from '../driver/index.js';

const RETRY = { attempts: 3, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 } as const;

/** How a binding is delivered, every default filled in. */
export type ResolvedHandlerOptions = Pick<Binding, 'ack' | 'retry' | 'requests' | 'maxProcessingMs' | 'reply'> & {
  readonly codec: Codec;
};

/** The binding's own options, else the broker's, else the library's; `retry` field by field. */
export function resolveHandlerOptions(own: SubscribeOptions, broker: HandlerOptions): ResolvedHandlerOptions {
  return {
    ack: own.ack ?? broker.ack ?? 'nack-on-error',
    retry: resolveRetry(own.retry, broker.retry),
    requests: {
      concurrency: atOnce(own.concurrency) ?? atOnce(broker.concurrency) ?? CONCURRENT_REQUESTS,
      // Whoever says how often a handler is called says so of requests, too.
      attempts: own.retry?.attempts ?? broker.retry?.attempts ?? 1,
    },
    maxProcessingMs: own.maxProcessingMs ?? broker.maxProcessingMs,
    reply: own.reply,
    codec: own.codec ?? broker.codec ?? auto,
  };
}

/** A number is meant for all that a handler gets. */
function atOnce(concurrency: HandlerOptions['concurrency']): number | undefined {
  return typeof concurrency === 'object' ? concurrency.requests : concurrency;
}

function resolveRetry(own: RetryOptions = {}, broker: RetryOptions = {}): Binding['retry'] {
  const retryIf = own.retryIf ?? broker.retryIf;
  return {
    attempts: own.attempts ?? broker.attempts ?? RETRY.attempts,
    delayMs: own.delayMs ?? broker.delayMs ?? RETRY.delayMs,
    factor: own.factor ?? broker.factor ?? RETRY.factor,
    maxDelayMs: own.maxDelayMs ?? broker.maxDelayMs ?? RETRY.maxDelayMs,
    jitter: own.jitter ?? broker.jitter ?? RETRY.jitter,
    ...(retryIf && { retryIf }),
  };
}
