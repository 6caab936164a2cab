/**
 * Every error of the library: its code, whether the same call may succeed later, and what to do about it.
 * The page `docs/errors.md` lists them all; a test fails where page and catalogue differ.
 */
export const catalogue = {
  MULTI_BROKER_WIRING: { retryable: false, remedy: 'Correct every listed handler, publisher and broker definition.' },
  MULTI_BROKER_UNKNOWN_BROKER: {
    retryable: false,
    remedy: 'List the broker in MultiBrokerModule.forRoot(), or correct its name.',
  },
  MULTI_BROKER_DUPLICATE_BROKER: { retryable: false, remedy: 'Give each broker a name of its own.' },
  MULTI_BROKER_SECOND_ROOT: {
    retryable: false,
    remedy: 'Keep one forRoot(); add brokers in feature modules with forFeature().',
  },
  MULTI_BROKER_NO_BROKER: { retryable: false, remedy: 'Give forRoot() at least one broker definition.' },
  MULTI_BROKER_WRONG_KIND: { retryable: false, remedy: "Use the source or destination of this broker's kind." },
  MULTI_BROKER_SOURCE_CLASH: {
    retryable: false,
    remedy: 'Give one of the two handlers another group, queue or durable name.',
  },
  MULTI_BROKER_DUPLICATE_HANDLER: {
    retryable: false,
    remedy: 'Provide the class in one module, export it there, and import that module where else it is injected.',
  },
  MULTI_BROKER_OPTION_INVALID: { retryable: false, remedy: 'Correct the named option.' },
  MULTI_BROKER_OPTION_UNSUPPORTED: {
    retryable: false,
    remedy: 'Leave the option out: this version does not offer it yet.',
  },
  MULTI_BROKER_VALUE_MISSING: {
    retryable: false,
    remedy:
      'Set it before the files are loaded, or give names by `addresses` from forRootAsync(); move what both files import into a third.',
  },
  MULTI_BROKER_PARAMETER: {
    retryable: false,
    remedy: 'Use @Payload(), @Ctx(), @MessageHeaders(), @MessageKey() or @MessageParam().',
  },
  MULTI_BROKER_ENHANCER: {
    retryable: false,
    remedy: 'Provide the class itself (or by useClass), or give instances of its enhancers: @UseGuards(new MyGuard()).',
  },
  MULTI_BROKER_PUBLISH_WITHOUT_SUBSCRIBE: {
    retryable: false,
    remedy: 'Add @Subscribe to the method, or publish by hand with Broker.publish().',
  },
  MULTI_BROKER_ADDRESS_INVALID: {
    retryable: false,
    remedy: 'Use a name that the messaging system allows; never build one from unchecked data.',
  },
  MULTI_BROKER_HEADER_INVALID: {
    retryable: false,
    remedy: 'Use header names and values that the messaging system allows.',
  },
  MULTI_BROKER_CLIENT_MISSING: { retryable: false, remedy: 'Install the client package that the message names.' },
  MULTI_BROKER_DUPLICATE_COPY: {
    retryable: false,
    remedy: 'Install one copy of nestjs-multi-broker in the process (see `npm ls nestjs-multi-broker`).',
  },
  MULTI_BROKER_START_FAILED: { retryable: true, remedy: 'Look at the listed brokers: each says why it did not start.' },
  MULTI_BROKER_CONNECT_FAILED: {
    retryable: true,
    remedy: 'Check address, credentials and that the server runs; in tests use MultiBrokerTestingModule.',
  },
  MULTI_BROKER_START_TIMEOUT: { retryable: true, remedy: 'Check that the server answers, or raise startTimeoutMs.' },
  MULTI_BROKER_TOPIC_CREATE_FAILED: {
    retryable: true,
    remedy: 'Correct its entry in `topics`, let this client create topics, or make the topic and leave the entry out.',
  },
  MULTI_BROKER_SUBSCRIBE_FAILED: {
    retryable: true,
    remedy: 'Check that the source exists and that this client may read it.',
  },
  MULTI_BROKER_CONSUMER_FAILED: {
    retryable: true,
    remedy: 'The consumer is rebuilt by itself; look at the cause if it comes again.',
  },
  MULTI_BROKER_CONSUMER_HALTED: {
    retryable: false,
    remedy: 'The named partition or consumer stands still and nothing is lost; remove the cause, then restart.',
  },
  MULTI_BROKER_LOST_BY_RETENTION: {
    retryable: false,
    remedy: 'Messages were deleted by the server before they were handled; raise its retention.',
  },
  MULTI_BROKER_TOPIC_RECREATED: {
    retryable: false,
    remedy: 'What the old topic held and nobody had handled is gone: delete a topic only once its groups have read it.',
  },
  MULTI_BROKER_PARTITIONS_UNREAD: {
    retryable: true,
    remedy:
      'Nothing is lost: they are read once another client does not lead any more; or give its members another groupId.',
  },
  MULTI_BROKER_LATE_BROKER: {
    retryable: false,
    remedy: 'Add the broker before the start, or set allowLateBrokers: true and use MultiBroker.add().',
  },
  MULTI_BROKER_STOPPED: {
    retryable: false,
    remedy: 'The broker was stopped; publish before stop(), or start it again.',
  },
  MULTI_BROKER_STOP_INCOMPLETE: {
    retryable: false,
    remedy: 'The listed work was abandoned unacknowledged; raise shutdownTimeoutMs or honour context.signal.',
  },
  MULTI_BROKER_NOT_CONNECTED: { retryable: true, remedy: 'Nothing was written; publish again once the broker is up.' },
  MULTI_BROKER_PUBLISH_UNCONFIRMED: {
    retryable: true,
    remedy: 'The message may have arrived; repeat it only where a duplicate does no harm.',
  },
  MULTI_BROKER_PUBLISH_REJECTED: { retryable: false, remedy: 'The server refused the message; see the cause.' },
  MULTI_BROKER_DESTINATION_UNKNOWN: { retryable: false, remedy: 'Create the topic or stream, or correct its name.' },
  MULTI_BROKER_PAYLOAD_TOO_LARGE: {
    retryable: false,
    remedy: "Send less, or raise the server's and the broker's limit.",
  },
  MULTI_BROKER_REQUEST_UNSUPPORTED: {
    retryable: false,
    remedy: 'Use request() on a broker whose kind offers it, such as NATS, and on a subject that no stream captures.',
  },
  MULTI_BROKER_REQUEST_TIMEOUT: {
    retryable: true,
    remedy: 'Nobody answered in time; raise timeoutMs, or look at the responder.',
  },
  MULTI_BROKER_NO_RESPONDERS: { retryable: true, remedy: 'Nobody listens on this address; start the responder first.' },
  MULTI_BROKER_REQUEST_FAILED: { retryable: false, remedy: 'The responder answered with an error; see its message.' },
  MULTI_BROKER_UNDECODABLE: {
    retryable: false,
    remedy: 'Set a codec that reads this body, or reject what cannot be read: ack: "reject-on-error".',
  },
  MULTI_BROKER_UNENCODABLE: { retryable: false, remedy: 'Return or publish a value that the codec can write.' },
  MULTI_BROKER_SCHEMA_INVALID: {
    retryable: false,
    remedy: 'Correct the producer, or reject what is invalid: ack: "reject-on-error".',
  },
  MULTI_BROKER_HOP_LIMIT: {
    retryable: false,
    remedy:
      'A message loop: handlers publish into each other. Break it, raise maxHops, or publish by hand with correlate: false.',
  },
  MULTI_BROKER_REJECTED: { retryable: false, remedy: 'A guard, a pipe or context.reject() refused the message.' },
  MULTI_BROKER_SETTLEMENT: { retryable: false, remedy: 'Settle a delivery once: ack(), nack() or reject().' },
  MULTI_BROKER_PROCESSING_TIMEOUT: {
    retryable: true,
    remedy: 'The handler ran longer than maxProcessingMs; honour context.signal, or raise the limit.',
  },
  MULTI_BROKER_HANDLER_VALUE: {
    retryable: true,
    remedy: 'The handler threw something that is no Error; throw Errors.',
  },
  MULTI_BROKER_STREAM_MISMATCH: {
    retryable: false,
    remedy:
      'Change the stream or consumer by its own tools, or the options to what the server has: it is never altered silently.',
  },
  MULTI_BROKER_NATIVE_UNAVAILABLE: {
    retryable: false,
    remedy: 'A twin has no client: test what needs native() against the real broker.',
  },
  MULTI_BROKER_NOT_SETTLED: {
    retryable: false,
    remedy: 'In a test something still runs: let the named handlers end, or break the loop of messages.',
  },
  MULTI_BROKER_WAIT_TIMEOUT: {
    retryable: false,
    remedy: 'In a test something did not come: look at the timeline, or raise timeoutMs.',
  },
  MULTI_BROKER_REAL_BROKERS: {
    retryable: false,
    remedy: 'Leave it out of what runs with real: true, or ask for it on twins only.',
  },
  MULTI_BROKER_UNKNOWN_HANDLER: {
    retryable: false,
    remedy: 'Name a class of the application and a method of it with @Subscribe.',
  },
} as const satisfies Readonly<
  Record<`MULTI_BROKER_${string}`, { readonly retryable: boolean; readonly remedy: string }>
>;

/** A stable code of the catalogue. */
export type ErrorCode = keyof typeof catalogue;
