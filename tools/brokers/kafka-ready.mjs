import { randomUUID } from 'node:crypto';

import { Kafka, logLevel } from 'kafkajs';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

const client = (brokers, retries) =>
  new Kafka({
    brokers,
    clientId: 'brokers-up',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry: { retries, initialRetryTime: 50, maxRetryTime: 250 },
  });

/** Does a Kafka answer there now, with so many nodes? */
export async function kafkaAnswers(brokers, nodes = 1) {
  const admin = client(brokers, 0).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length >= nodes;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Produces and consumes a message and opens a transaction, which also makes the broker create its internal topics. */
export async function proveKafka(brokers) {
  const kafka = client(brokers, 100);
  const topic = `brokers-up-${randomUUID()}`;
  const admin = kafka.admin();
  const producer = kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  try {
    await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: topic }] });
    await transaction.commit();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise((done, failed) => {
      // A coordinator that is still loading crashes the consumer, which then restarts by itself.
      consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || failed(payload.error));
      consumer.run({ autoCommit: false, eachMessage: async () => done() }).catch(failed);
    });
  } finally {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect()]);
    await admin.deleteTopics({ topics: [topic] }).catch(() => undefined);
    await admin.deleteGroups([topic]).catch(() => undefined);
    await admin.disconnect();
  }
}
