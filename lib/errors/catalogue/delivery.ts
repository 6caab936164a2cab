import type { Entries } from './entry.js';

/** A message on its way through a handler. */
export const DELIVERY = {
  MULTI_BROKER_UNDECODABLE: {
    retryable: false,
    remedy:
      'Set a codec that can read this body, or park unreadable messages by deadLetter, or drop them: ack: "reject-on-error".',
    messages: {
      message: "A message of {size} bytes from {source} on broker '{broker}', with {contentType}, cannot be decoded",
      messageByCodec:
        "A message of {size} bytes from {source} on broker '{broker}', with {contentType}, cannot be decoded by {codec}",
      answer: "The answer of {destination} on broker '{broker}' cannot be decoded",
    },
  },
  MULTI_BROKER_UNENCODABLE: {
    retryable: false,
    remedy: 'Return or publish a value that the codec can write.',
    messages: {
      returned: "What {handler} returned cannot be encoded for broker '{broker}'",
      returnedByCodec: "What {handler} returned cannot be encoded by {codec} for broker '{broker}'",
      published: "The payload published on broker '{broker}' cannot be encoded",
      publishedByCodec: "The payload published on broker '{broker}' cannot be encoded by {codec}",
      noJson: "The payload published on broker '{broker}' is text, but not valid JSON as its content type claims",
    },
  },
  MULTI_BROKER_SCHEMA_INVALID: {
    retryable: false,
    remedy: 'Correct the producer, or park invalid messages by deadLetter, or drop them: ack: "reject-on-error".',
    messages: {
      received: "A message from {source} on broker '{broker}' is not valid: {issues}",
      returned:
        "What {handler} returned is not valid for {destination} on broker '{broker}', so nothing of it is published: {issues}",
      published: "The payload published to {destination} on broker '{broker}' is not valid: {issues}",
    },
  },
  MULTI_BROKER_HOP_LIMIT: {
    retryable: false,
    remedy: 'Break the message loop between handlers, raise maxHops, or publish explicitly with correlate: false.',
    messages: {
      received: "A message on broker '{broker}' was passed on {hops} times and reached {handler} again",
      published:
        "The message being handled has crossed {hops} brokers, so nothing is published to {destination} on broker '{broker}'",
    },
  },
  MULTI_BROKER_REJECTED: {
    retryable: false,
    remedy: 'A guard, a pipe or context.reject() refused the message.',
    messages: {
      rejected: 'A message was rejected: {reason}',
      pipe: "A message from {source} on broker '{broker}' was refused: {reason}",
    },
  },
  MULTI_BROKER_NO_DEAD_LETTER: {
    retryable: false,
    remedy: 'Set deadLetter in @Subscribe or in the definition of the broker, or call context.reject().',
    message: 'context.deadLetter() was called, and {handler} has no dead letter',
  },
  MULTI_BROKER_DEAD_LETTER_FAILED: {
    retryable: false,
    remedy: 'The message is not acknowledged and nothing is lost; create the destination, or raise its limits.',
    message: "The dead letter of {position} from {handler} cannot be written on broker '{broker}': {reason}",
  },
  MULTI_BROKER_DEAD_LETTER_LOOP: {
    retryable: false,
    remedy: 'Park the messages where this handler does not read them, or set deadLetter: false for it.',
    messages: {
      option:
        'deadLetter: {destination} is read by the handler itself, from {source}, so a letter would fail and be parked for ever',
      arrived: "{destination} on broker '{broker}' is where {handler} reads the message from",
    },
  },
  MULTI_BROKER_REDRIVE_UNSUPPORTED: {
    retryable: false,
    remedy: 'Park dead letters in a Kafka topic or a stream, and name that: core NATS keeps no messages.',
    message: "Dead letters on broker '{broker}' cannot be read again: {source} keeps no messages",
  },
  MULTI_BROKER_UNMATCHED: {
    retryable: false,
    remedy: "Add a handler without a `filter` for all other messages, or have them acked: unmatched: 'ack'.",
    message: "No filter of {handler} takes a message of {lane} of broker '{broker}'",
  },
  MULTI_BROKER_BATCH_RESULT: {
    retryable: false,
    remedy: 'Return an array with one item for each message, outgoing.each(items), or nothing.',
    messages: {
      returned: '{handler} returned {given} for a batch of {size} message(s)',
      failedOutside: '{handler} named message {place} of a batch of {size} as failed',
    },
  },
  MULTI_BROKER_SETTLEMENT: {
    retryable: false,
    remedy: 'Settle each delivery once, by ack(), nack(), reject() or deadLetter().',
    messages: {
      twice: 'A delivery of {handler} is settled already',
      outsideBatch: 'A batch of {size} message(s) has no message {index} to settle',
      redelivered: 'A message that {handler} had not settled was redelivered',
    },
  },
  MULTI_BROKER_PROCESSING_TIMEOUT: {
    retryable: true,
    remedy: 'Stop the handler when context.signal aborts, or raise maxProcessingMs.',
    message: "{handler} runs longer than {ms} ms on {lane} of broker '{broker}'",
  },
  MULTI_BROKER_HANDLER_VALUE: {
    retryable: true,
    remedy: 'Throw an Error; other values have neither a message nor a stack.',
    message: 'A {type} was thrown',
  },
} as const satisfies Entries;
