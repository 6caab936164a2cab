import type { Entries } from './entry.js';

/** Publishes of each kind, and the connection that they need. */
export const PUBLISHING = {
  MULTI_BROKER_NOT_CONNECTED: {
    retryable: true,
    remedy: 'Nothing was written; publish again once the broker is up.',
    messages: {
      broker: "Broker '{broker}' is not connected",
      unwritten: "Broker '{broker}' is not connected; {destination} was not written",
      noConnection: "Broker '{broker}' has no connection",
      noConnectionUnwritten: "Broker '{broker}' has no connection; {destination} was not written",
      noConnectionUnread: "Broker '{broker}' has no connection; {source} cannot be read",
      absent: "Broker '{broker}' is not there (yet)",
      absentTarget: "Broker '{broker}' is not there (yet); the result of {handler} was not written",
      subscribe: "Broker '{broker}' is not connected, so it cannot subscribe",
      native: "Broker '{broker}' is not connected, so it has no client yet",
      tooEarly:
        'A broker was used while Nest was still creating providers: use it in onModuleInit() or later, not in a constructor or factory',
      kafka: "Broker '{broker}' could not publish to topic '{topic}': {reason}",
      kafkaBehind:
        "Broker '{broker}' did not publish to topic '{topic}' yet, as an earlier message of its partition is not confirmed: {reason}",
      natsBehind:
        "Broker '{broker}' did not write to {destination}, because an earlier message was not confirmed: {reason}",
      twinBehind:
        "{destination} of broker '{broker}' was not written, because an earlier message was not confirmed: {reason}",
      harnessNotInitialised: 'harness.publish() was called before the application is initialised; await init() first',
      harnessNeverConnected: "Broker '{broker}' was never connected, so its twin has no bus to publish to",
    },
  },
  MULTI_BROKER_PUBLISH_UNCONFIRMED: {
    retryable: true,
    remedy: 'The message may have been written; retry only if a duplicate does no harm.',
    messages: {
      driverFailed: "The driver of broker '{broker}' failed while writing to {destination}",
      kafka: "Broker '{broker}' could not publish to topic '{topic}': {reason}",
      nats: "Broker '{broker}' wrote to {destination}, unconfirmed: {reason}",
      natsUnheard:
        "Broker '{broker}' wrote to {destination} and cannot hear the answer: this client has no permission to subscribe to its inbox",
      failPublish: "Broker '{broker}' did not confirm {destination} (scripted by failPublish)",
    },
  },
  MULTI_BROKER_PUBLISH_REJECTED: {
    retryable: false,
    remedy: 'The server refused the message; see the cause.',
    messages: {
      kafka: "Broker '{broker}' could not publish to topic '{topic}': {reason}",
      nats: "Broker '{broker}' was refused at {destination}: {reason}",
    },
  },
  MULTI_BROKER_DESTINATION_UNKNOWN: {
    retryable: false,
    remedy: 'Create the topic or stream, or correct its name.',
    messages: {
      kafka: "Broker '{broker}' could not publish to topic '{topic}': {reason}",
      natsNoStream: "Broker '{broker}' has no stream that captures the subject {subject}",
      natsNoStreamYet:
        "Broker '{broker}' has no stream that captures the subject {subject}, or its stream is electing a leader",
    },
  },
  MULTI_BROKER_PAYLOAD_TOO_LARGE: {
    retryable: false,
    remedy: 'Send a smaller message, or raise the limits of the server and the broker.',
    messages: {
      kafka: "Broker '{broker}' could not publish to topic '{topic}': {reason}",
      nats: "Broker '{broker}' cannot write to {destination}: {reason}",
    },
  },
} as const satisfies Entries;
