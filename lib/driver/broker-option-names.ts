import type { OptionNames } from '../errors/index.js';
import type { BrokerOptions } from './definition.js';
import type { HandlerOptions } from './handler-options.js';

/** What a handler has of its own, and a broker as defaults. */
export const HANDLER_OPTION_NAMES: OptionNames<HandlerOptions> = {
  ack: true,
  retry: true,
  deadLetter: true,
  concurrency: true,
  batch: true,
  codec: true,
  maxProcessingMs: true,
};

/** What the definition of every kind has. */
export const BROKER_OPTION_NAMES: OptionNames<BrokerOptions> = {
  name: true,
  addresses: true,
  critical: true,
  ...HANDLER_OPTION_NAMES,
};
