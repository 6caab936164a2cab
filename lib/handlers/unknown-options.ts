import type { HandlerSettings } from '../decorators/index.js';
import {
  type ConcurrencyOptions,
  type Forward,
  HANDLER_OPTION_NAMES,
  type HandlerOptions,
  type PublishToOptions,
  type RetryOptions,
  type SubscribeOptions,
} from '../driver/index.js';
import { type OptionNames, unknownOptions } from '../errors/index.js';

const SUBSCRIBE: OptionNames<SubscribeOptions & HandlerSettings> = {
  ...HANDLER_OPTION_NAMES,
  schema: true,
  filter: true,
  reply: true,
  globalEnhancers: true,
  enabled: true,
};

const RETRY: OptionNames<RetryOptions> = {
  attempts: true,
  delayMs: true,
  factor: true,
  maxDelayMs: true,
  jitter: true,
  retryIf: true,
};

const CONCURRENCY: OptionNames<ConcurrencyOptions> = { requests: true };

const PUBLISH_TO: OptionNames<PublishToOptions> = {
  key: true,
  headers: true,
  forward: true,
  codec: true,
  bestEffort: true,
  dedupeId: true,
  schema: true,
};

const FORWARD: OptionNames<Forward> = { key: true, headers: true };

/** Of `@Subscribe` and `subscribe()`; what is within them is told by {@link unknownWithin}. */
export function unknownToSubscribe(options: SubscribeOptions, ofSource: readonly string[]): string[] {
  return unknownOptions(options, {
    ...SUBSCRIBE,
    ...Object.fromEntries(ofSource.map((name) => [name, true as const])),
  });
}

/** Within the options that a broker has as defaults and a binding as its own. */
export function unknownWithin({ retry, concurrency }: HandlerOptions): string[] {
  return [...unknownOptions(retry, RETRY, 'retry.'), ...unknownOptions(concurrency, CONCURRENCY, 'concurrency.')];
}

/** Of `@PublishTo`. */
export function unknownToPublishTo(options: PublishToOptions): string[] {
  return [...unknownOptions(options, PUBLISH_TO), ...unknownOptions(options.forward, FORWARD, 'forward.')];
}
