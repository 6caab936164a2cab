import type { Entries } from './entry.js';

/** Twins and the harness of tests. */
export const TESTING = {
  MULTI_BROKER_NATIVE_UNAVAILABLE: {
    retryable: false,
    remedy: 'A twin has no client: test code that needs native() against a real broker.',
    message: "Broker '{broker}' is in memory",
  },
  MULTI_BROKER_NOT_SETTLED: {
    retryable: false,
    remedy: 'Let the named handlers end, or break the message loop.',
    message: 'The brokers did not come to rest within {ms} ms and {deliveries} deliveries.\n{report}\n',
  },
  MULTI_BROKER_WAIT_TIMEOUT: {
    retryable: false,
    remedy: 'Check the timeline for what is missing, or raise timeoutMs.',
    messages: {
      untrue: 'harness.waitFor(): the predicate was not true within {ms} ms\n\n{timeline}\n',
      threw: 'harness.waitFor(): the predicate was not true within {ms} ms ({reason})\n\n{timeline}\n',
    },
  },
  MULTI_BROKER_REAL_BROKERS: {
    retryable: false,
    remedy: 'Do not use it in tests with real: true: only twins offer it.',
    messages: {
      clock: 'harness.clock moves twins only',
      fault: 'harness.fault scripts twins only',
      restart: 'harness.restart kills and starts twins only',
    },
  },
  MULTI_BROKER_UNKNOWN_DESTINATION: {
    retryable: false,
    remedy: 'Pass harness.published() a destination of a @PublishTo or @Subscribe of the application.',
    message: "Nothing of the application publishes to '{destination}' on broker '{broker}' (did you mean '{near}'?)",
  },
} as const satisfies Entries;
