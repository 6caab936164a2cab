import type { RetryOptions } from 'kafkajs';

/**
 * kafkajs has other defaults while NODE_ENV is 'test'; stated here, they are the same everywhere. The first retry comes
 * sooner than kafkajs's (300 ms), as the first use of a group always needs one.
 */
export const RETRY: Required<Omit<RetryOptions, 'restartOnFailure'>> = {
  initialRetryTime: 100,
  maxRetryTime: 2_000,
  factor: 0.2,
  multiplier: 2,
  retries: 8,
};
