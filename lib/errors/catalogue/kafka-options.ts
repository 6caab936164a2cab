import type { Messages } from './entry.js';

/** Options of `kafkaBroker()` and `topic()` that are invalid. */
export const KAFKA_OPTIONS = {
  kafkaNoGroup: "No groupId for topic {topic} of broker '{broker}': set it in kafkaBroker() or in topic()",
  kafkaDeadLetters: "Dead letters of broker '{broker}' are read from one topic, not from those of {pattern}",
  kafkaNoServers: 'client.brokers has to list at least one host:port',
  kafkaServer: 'client.brokers: {server} is no host:port',
  kafkaCredentials:
    'client.brokers holds credentials, which kafkajs does not read: give host:port there, and them as client.sasl',
  kafkaTls:
    'client.ssl.rejectUnauthorized: false lets anyone between read the credentials: give ssl.ca, or set allowInsecure: true',
  platformaticNoServers: 'client.bootstrapBrokers has to list at least one host:port',
  platformaticServer: 'client.bootstrapBrokers: {server} is no host:port',
  platformaticCredentials: 'client.bootstrapBrokers holds credentials: give host:port there, and them as client.sasl',
  platformaticTls:
    'client.tls.rejectUnauthorized: false lets anyone between read the credentials: give tls.ca, or set allowInsecure: true',
  kafkaEmptyGroup: 'groupId is empty',
  kafkaConsumerGroup: 'consumer.groupId: the group is given by groupId, or by topic()',
  kafkaPositive: '{option} has to be a number above 0',
  kafkaHeartbeat:
    'consumer.heartbeatInterval ({heartbeat}) has to be at most half of sessionTimeout ({session}): a third is usual',
  kafkaRebalance: 'consumer.rebalanceTimeout ({rebalance}) has to be at least sessionTimeout ({session})',
  kafkaMaxWait: 'consumer.maxWaitTimeInMs has to be at most half of sessionTimeout ({session})',
  kafkaMinBytes: 'consumer.minBytes ({min}) is more than maxBytes ({max})',
  kafkaRestart: 'consumer.retry.restartOnFailure is not offered: a consumer that crashes is always replaced',
  kafkaTransactions: 'producer.transactionalId: transactions are not offered',
  kafkaPartitioner: 'producer.createPartitioner: partitions are picked as by the default one',
  kafkaIdempotentInFlight: 'producer.maxInFlightRequests has to be 1 with idempotent: true',
  kafkaIdempotentRetries: 'producer.retry.retries has to be at least 1 with idempotent: true',
  kafkaAddress: "addresses.{alias} of '{name}': the topic {topic} {problem}",
  kafkaTopics: 'topics has to be an object: { incoming: { partitions: 6 } }',
  kafkaSameTopic: "topics.{one} and topics.{other} are the same topic '{topic}'",
  kafkaTopicName: 'topics.{key}: the topic {topic} {problem}',
  kafkaTopicObject: '{option} has to be an object: { partitions: 6 }',
  kafkaConfigObject: "{option} has to be an object: { 'retention.ms': '86400000' }",
  kafkaTopicOption: '{topic}.{option} is no option: there are {known}',
  kafkaCount: '{option} has to be a whole number above 0',
  kafkaConfigValue: "{option}: the value of '{name}' has to be a string",
} as const satisfies Messages;
