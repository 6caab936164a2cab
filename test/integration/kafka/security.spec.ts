import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { KafkaBrokerOptions } from '../../../lib/kafka/index.js';
import { closeAfterEach, connected, recordingIo } from '../../support/kafka/connected.js';
import { kafkaBrokerOf } from '../../support/kafka-library.js';
import { type KafkaCluster, startKafkaCluster, uniqueName, whenNative } from '../../support/real-brokers.js';

whenNative(describe, 'kafka')('a Kafka broker that asks for TLS and SASL', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startKafkaCluster({ secured: true });
  }, 90_000);
  afterAll(() => cluster.stop());
  closeAfterEach();

  const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
  type Mechanism = (typeof mechanisms)[number];
  const client = (mechanism: Mechanism, password = cluster.secured!.password): KafkaBrokerOptions['client'] => {
    const { brokers, certificate, username } = cluster.secured!;
    const sasl = { mechanism, username, password } as NonNullable<KafkaBrokerOptions['client']['sasl']>;
    return { brokers, ssl: { ca: [certificate] }, sasl };
  };
  const failure = async (options: KafkaBrokerOptions['client']): Promise<{ message: string; log: string[] }> => {
    const driver = await kafkaBrokerOf({ name: 'orders', groupId: 'g', client: options }).driver();
    const { io, log } = recordingIo();
    const error = await driver.connect(io, AbortSignal.timeout(15_000)).catch((thrown: unknown) => thrown);
    await driver.close();
    expect(error).toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED' });
    return { message: (error as Error).message, log };
  };

  it.each(mechanisms)('is written to and read by its client options, with %s', async (mechanism) => {
    const name = uniqueName('secured');
    const broker = await connected({ client: client(mechanism) });
    await broker.publish(name, 'one');
    const { sink } = await broker.read(name);
    await sink.has(1);
    await broker.publish(name, 'two');
    await sink.has(2);
    expect(sink.texts.toSorted()).toEqual(['one', 'two']);
  });

  it.each(mechanisms)(
    'refuses a wrong password: the error says so, and neither it nor the log tells the password, with %s',
    async (mechanism) => {
      const { message, log } = await failure(client(mechanism, 'not-the-password'));
      expect(message).toMatch(/authentication/i);
      expect([message, ...log].join('\n')).not.toContain('not-the-password');
    },
  );

  it('is not trusted without its certificate', async () => {
    const { message } = await failure({ ...client('plain'), ssl: true });
    expect(message).toMatch(/certificate/i);
  });
});
