/** The version of OpenTelemetry's semantic conventions whose names these are. */
export const SEMANTIC_CONVENTIONS = '1.45.0';

export const SCHEMA_URL = `https://opentelemetry.io/schemas/${SEMANTIC_CONVENTIONS}`;

/** The instrumentation scope of all spans and metrics. */
export const SCOPE = 'nestjs-multi-broker';

/** Attributes of the conventions. */
export const MESSAGING = {
  system: 'messaging.system.name',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  template: 'messaging.destination.template',
  temporary: 'messaging.destination.temporary',
  partition: 'messaging.destination.partition.id',
  subscription: 'messaging.destination.subscription.name',
  consumerGroup: 'messaging.consumer.group.name',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  bodySize: 'messaging.message.body.size',
  batchSize: 'messaging.batch.message_count',
  kafkaOffset: 'kafka.offset',
  kafkaKey: 'kafka.message.key',
  kafkaTombstone: 'kafka.message.tombstone',
  errorType: 'error.type',
  serverAddress: 'server.address',
  serverPort: 'server.port',
} as const;

/** Attributes that the conventions do not know. */
export const OWN = {
  /** Name of the broker in the application. */
  broker: 'multi_broker.broker',
  /** `Class.method`. */
  handler: 'multi_broker.handler',
  /** The handler that is asked about: a method may read two sources. */
  handlerId: 'multi_broker.handler.id',
  /** `topic[partition]@offset` or `stream@sequence`; the same at publisher and handler. */
  position: 'multi_broker.message.position',
  attempt: 'multi_broker.attempt',
  /** What became of the delivery. */
  outcome: 'multi_broker.outcome',
  waitMs: 'multi_broker.wait_ms',
  deadLetterBroker: 'multi_broker.dead_letter.broker',
  deadLetterDestination: 'multi_broker.dead_letter.destination',
  /** Why two spans are linked. */
  link: 'multi_broker.link',
  status: 'multi_broker.broker.status',
} as const;

/** Metrics of the conventions. */
export const METRIC = {
  sent: 'messaging.client.sent.messages',
  consumed: 'messaging.client.consumed.messages',
  operationDuration: 'messaging.client.operation.duration',
  processDuration: 'messaging.process.duration',
} as const;

/** Metrics that the conventions do not know. */
export const OWN_METRIC = {
  redelivered: 'multi_broker.messages.redelivered',
  deadLettered: 'multi_broker.messages.dead_lettered',
  dropped: 'multi_broker.messages.dropped',
  held: 'multi_broker.messages.held',
  inFlight: 'multi_broker.messages.in_flight',
  running: 'multi_broker.handler.running',
  lag: 'multi_broker.handler.lag',
  status: 'multi_broker.broker.status',
} as const;

/** Boundaries that the conventions give for durations, in seconds. */
export const DURATION_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
