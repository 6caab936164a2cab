import type { Entries } from './entry.js';

/** Requests and their answers. */
export const REQUESTS = {
  MULTI_BROKER_REQUEST_UNSUPPORTED: {
    retryable: false,
    remedy: 'Use request() on a broker whose kind offers it, such as NATS, and on a subject that no stream captures.',
    messages: {
      kind: "Broker '{broker}' is of kind '{kind}', which has no request/reply: any member of a consumer group could receive the answer",
      natsStream:
        "A request to {destination} would be answered by the stream's PubAck: give the subject as a plain string (broker '{broker}')",
      natsAnsweredByStream:
        "Stream {stream} captures {destination}: it stored the request and answered it by its PubAck. Use a subject that no stream captures, or take it out of the stream's subjects (broker '{broker}')",
    },
  },
  MULTI_BROKER_REQUEST_TIMEOUT: {
    retryable: true,
    remedy: 'No answer arrived in time; raise timeoutMs, or check the responder.',
    messages: {
      late: "{destination} on broker '{broker}' did not answer within {ms} ms",
      nats: "{destination} did not answer in time (broker '{broker}')",
    },
  },
  MULTI_BROKER_NO_RESPONDERS: {
    retryable: true,
    remedy: 'There is no responder on this address; start it first.',
    message: "No subscriber listens on {destination} (broker '{broker}')",
  },
  MULTI_BROKER_REQUEST_FAILED: {
    retryable: false,
    remedy: 'The responder answered with an error; see its message.',
    message: "The request to {destination} on broker '{broker}' failed: {reason}",
  },
} as const satisfies Entries;
