import type { Entries } from './entry.js';

/** What handlers read. */
export const SOURCES = {
  MULTI_BROKER_TOPIC_CREATE_FAILED: {
    retryable: true,
    remedy:
      'Correct its entry in `topics`, allow this client to create topics, or create the topic and remove the entry.',
    message: "Broker '{broker}' could not create the topic '{topic}': {reason}",
  },
  MULTI_BROKER_SUBSCRIBE_FAILED: {
    retryable: true,
    remedy: 'Check that the source exists and that this client is allowed to read it.',
    messages: {
      kafka: "Broker '{broker}' could not read {sources}: {reason}",
      kafkaCollision: "Broker '{broker}' could not read topic '{topic}': {reason}",
      kafkaNoMatch: 'No topic matches {pattern}',
      kafkaNoTopic: 'The cluster lacks at least one of these topics: {topics}',
      kafkaTopicDeleted:
        "Group '{group}' does not read topic '{topic}': it was deleted, or this client may not know of it; the group's other topics are still read",
      kafkaTopicRefused:
        "Group '{group}' does not read topic '{topic}': this client has no permission to read it; the group's other topics are still read",
      unreadable: "Broker '{broker}' cannot read {source}: {reason}",
      natsNoStream: "Stream {stream} of broker '{broker}' does not exist: create it, or give its subjects in stream()",
    },
  },
  MULTI_BROKER_CONSUMER_FAILED: {
    retryable: true,
    remedy: 'The consumer is rebuilt automatically; if the error recurs, fix its cause.',
    message: "Group '{group}' of broker '{broker}' lost its consumer: {reason}",
  },
  MULTI_BROKER_CONSUMER_HALTED: {
    retryable: false,
    remedy: 'The named partition or consumer has stopped and nothing is lost; fix the cause, then restart.',
    message: "Partition {partition} of group '{group}' is halted: it holds a batch that cannot be decoded: {reason}",
  },
  MULTI_BROKER_LOST_BY_RETENTION: {
    retryable: false,
    remedy: 'The server deleted messages before they were handled; raise its retention.',
    messages: {
      group:
        "{lane} of group '{group}': the messages from {from} are gone from the server; reading continues from the oldest offset",
      groupOrRecreated:
        "{lane} of group '{group}': the messages from {from} are gone from the server (or the topic was deleted and created again); reading continues from the oldest offset",
      twin: "{lane} of broker '{broker}': the messages from offset {offset} are gone; reading continues from the oldest offset",
    },
  },
  MULTI_BROKER_TOPIC_RECREATED: {
    retryable: false,
    remedy: 'Unhandled messages of the old topic are lost: delete a topic only after its groups have read it.',
    message:
      "{lane} of group '{group}': the topic ends before {from}: it was deleted and created again, or the server has lost its end; reading continues from the oldest offset",
  },
  MULTI_BROKER_PARTITIONS_UNREAD: {
    retryable: true,
    remedy:
      'Nothing is lost: they are read once the other client stops leading the group; or give its members another groupId.',
    messages: {
      otherLeader:
        "Group '{group}' does not read {unread} of the {partitions} partitions of '{topic}': its leader, of another client, gave them to members that do not read it",
      uncounted: "Group '{group}' does not read '{topic}': its leader got no number of partitions from the cluster",
      given: "A member of group '{group}' was given partitions of '{topic}', which it does not read",
    },
  },
  MULTI_BROKER_STREAM_MISMATCH: {
    retryable: false,
    remedy:
      'Change the stream or consumer with NATS tools, or adapt the options: existing ones are never altered silently.',
    messages: {
      stream: "Stream {stream} of broker '{broker}' differs from its source: {differences}",
      consumer: "Consumer '{consumer}' of stream {stream} of broker '{broker}' differs from its source: {differences}",
      filter:
        "The filter '{filter}' of durable '{consumer}' on broker '{broker}' matches no subject of stream {stream} ({subjects}): nothing would ever be delivered",
      streamNotCreated: "On broker '{broker}' stream {stream} cannot be created: {reason}",
      consumerNotCreated: "On broker '{broker}' consumer '{consumer}' of stream {stream} cannot be created: {reason}",
    },
  },
} as const satisfies Entries;
