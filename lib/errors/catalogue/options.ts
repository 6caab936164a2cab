import type { Entries } from './entry.js';
import { KAFKA_OPTIONS } from './kafka-options.js';
import { NATS_OPTIONS } from './nats-options.js';

/** Values in options, names and headers. */
export const OPTIONS = {
  MULTI_BROKER_OPTION_INVALID: {
    retryable: false,
    remedy: 'Correct the named option.',
    messages: {
      reported: '{problem}',
      mustBe: 'the option {option} must be {expected}, not {value}',
      unknown: "there is no option '{option}'; there are {known}",
      misspelt: "there is no option '{option}'; did you mean '{near}'?",
      enabledByHand: 'the option enabled is only for @Subscribe: skip the call of subscribe() instead',
      duration: '{option} must be a finite number of milliseconds, 0 or more, not {value}: {remedy}',
      brokerPrefix: 'prefix {problem}',
      noObject: 'the options of {decorator} are {type}, not an object',
      configPromise:
        '{value}, from {token}, is a promise: return the value itself, for example from a provider with an asynchronous factory',
      configUnread: '{value}, from {token}, cannot be read: {reason}',
      factoryResult: 'the factory returned {given}: it must return an array of broker definitions',
      noList: '{to} takes an array of broker definitions',
      noDefinition: 'definition {place} is not a broker definition: use kafkaBroker() or natsBroker()',
      factoryNoDefinition:
        "The factory of broker '{broker}' did not return a broker definition: use kafkaBroker() or natsBroker()",
      factoryOtherName:
        "The factory of broker '{broker}' returned a definition named '{named}': use the same name in both places",
      publishedKey: "In what is published on broker '{broker}' the option key must be a string or bytes, not {type}",
      publishedKeyOfHandler:
        "In what is published by {handler} on broker '{broker}' the option key must be a string or bytes, not {type}",
      publishedBatch: "publishBatch() on broker '{broker}' takes an array of payloads, not {type}",
      publishedDedupeId:
        "In what is published on broker '{broker}' the option dedupeId must be a printable string, not {value}",
      publishedDedupeIdOfHandler:
        "In what is published by {handler} on broker '{broker}' the option dedupeId must be a printable string, not {value}",
      when: "The function when of {handler} for {destination} on broker '{broker}' must return true or false, not {given}",
      filterGives: 'The filter of {handler} must return true or false, or a promise of it, not {given}',
      retryIfGives: 'retry.retryIf of {handler} must return true or false, not {given}',
      schemaGives:
        "validate() of a schema of vendor '{vendor}' must return { value } or { issues }, as Standard Schema has it, not {given}",
      replyFormat: 'codec.replies.{method}() of {handler} must return {expected}, not {given}',
      orderByAlone:
        'the option concurrency.orderBy orders calls that run side by side: set concurrency.perLane above 1, or leave it out',
      orderByLater: 'concurrency.orderBy of {handler} reads the payload, and its codec decodes asynchronously',
      orderByGives:
        'concurrency.orderBy of {handler} must return a string, or undefined for a message without order, not {type}',
      replyBesideBatch: 'the option reply beside batch: one call has many messages, and no request',
      messages: 'messages(): {problems}',
      messagesAck: "the option ack must be 'nack-on-error' or 'reject-on-error': the loop itself settles its messages",
      redriveLimit: 'Redriving dead letters: limit must be a number of letters, 0 or more',
      redriveRate: 'Redriving dead letters: ratePerSecond must be a number above 0',
      redriveFilter: 'Redriving dead letters: filter must be a function',
      redriveFilterGives: 'Redriving dead letters: filter must return true or false, or a promise of it, not {given}',
      redriveTo: "Redriving dead letters: to must be 'handler' or 'source'",
      metricTaken:
        "The registry has a metric '{name}' already: give each application of the process a registry or a prefix of its own, and import MultiBrokerMetricsModule once",
      byHeaderName: 'byHeader(): its first argument must be the name of a header',
      byHeaderValue: "byHeader(): the value for '{name}' must be a text, a RegExp or a list of them",
      byType: 'byType() takes a Standard Schema or a class with a name',
      otherSourceOptions:
        '{source} is read with other options than by {by} ({options}): handlers of one source share them, so write the source once and use it in both',
      otherConcurrency:
        '{source} is read with another concurrency than by {by} ({options}): handlers of one source share it, so give both the same',
      unmatchedTaken:
        'unmatched is for messages that no filter wants, and {other}, which has no filter, takes them: leave it out',
      unmatchedDiffers:
        'unmatched differs from that of {other}, and both read {source}: give both the same, or leave it out in one of them',
      ...KAFKA_OPTIONS,
      ...NATS_OPTIONS,
    },
  },
  MULTI_BROKER_OPTION_UNSUPPORTED: {
    retryable: false,
    remedy: 'Remove the option there, or one of the two that exclude each other.',
    messages: {
      coreOnly: '{option} is for core NATS, and {source} is handled in its order: leave it out',
      sharedBatch:
        'batch beside concurrency, and {source} is shared by several handlers: set concurrency: 1 for all of them, or give this one a group, queue or durable of its own',
      pathBesideBatch:
        '{destination} has placeholders beside batch, whose messages have params of their own: give each result a destination by outgoing()',
      classPrefix: "@Handlers: the kind '{kind}' prefixes plain names only: name the broker in @Subscribe",
      undeduped: 'the option {option} has no effect on {destination}, where a repeated message is a second one',
      publishedDedupeId:
        "In what is published on broker '{broker}' the option dedupeId has no effect on {destination}, where a repeated message is a second one",
      publishedDedupeIdOfHandler:
        "In what is published by {handler} on broker '{broker}' the option dedupeId has no effect on {destination}, where a repeated message is a second one",
      sharedDedupeId:
        "publishBatch() on broker '{broker}' would give {count} messages the same dedupeId: publish each by publish()",
    },
  },
  MULTI_BROKER_VALUE_MISSING: {
    retryable: false,
    remedy:
      'Set it before the file is loaded, or map the name by `addresses` in forRootAsync(); break a circular import by a third file.',
    messages: {
      // Decorators and definitions are evaluated when their file is loaded, possibly before `.env`.
      unset: '{what} is {value}: an environment variable that is not set, or not yet when the file is loaded',
      // Of two files that import each other, one sees the exports of the other before they exist.
      circular: '{what} is {value}: a circular import, or an export that is missing',
      unsetOrCircular:
        '{what} is {value}: an environment variable that is not set, or not yet when the file is loaded; or a circular import, or an export that is missing',
      circularOrUnset:
        '{what} is {value}: a circular import, or an export that is missing; or an environment variable that is not set, or not yet when the file is loaded',
      unnamed: '{what} has no name: an environment variable that is not set, or not yet when the file is loaded',
    },
  },
  MULTI_BROKER_ADDRESS_INVALID: {
    retryable: false,
    remedy: 'Use a name that the messaging system allows; never build names from unchecked data.',
    messages: {
      reported: '{problem}',
      name: "The {what} {name} of broker '{broker}' {problem}",
      path: "The {what} {path} of broker '{broker}' cannot be filled: the value of '{placeholder}': {problem}",
      placeholder: "{destination} has the placeholder '{placeholder}', and {source} has {known}",
    },
  },
  MULTI_BROKER_HEADER_INVALID: {
    retryable: false,
    remedy: 'Use header names and values that the messaging system allows.',
    messages: {
      published: "In what is published on broker '{broker}' {field} must be {expected}, not {type}",
      publishedByHandler:
        "In what is published by {handler} on broker '{broker}' {field} must be {expected}, not {type}",
      hook: "A hook of onPublish() gave a {type} for {destination} on broker '{broker}', and not headers",
      nats: "Broker '{broker}' cannot write to {destination}: header {header}: {why}",
    },
  },
} as const satisfies Entries;
