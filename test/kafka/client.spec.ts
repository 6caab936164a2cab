import { describe, expect, it } from '@jest/globals';
import * as kafkajs from 'kafkajs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

import { clientMaker } from '../../lib/kafka/driver/kafkajs/client.js';
import { recordingIo } from '../support/kafka/connected.js';

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

describe('a kafkajs client', () => {
  it('that is killed stops dialling, however many retries it has left', async () => {
    const brokers = [`127.0.0.1:${await closedPort()}`];
    const { io, log } = recordingIo();
    const make = clientMaker(kafkajs, { name: 'orders', client: { brokers, retry: { initialRetryTime: 10 } } }, io);
    const client = make({ retries: 1_000_000 });
    const connecting = client.parts.kafka.producer({ createPartitioner: () => () => 0 }).connect();
    while (!log.some((line) => line.includes('ECONNREFUSED'))) await new Promise((resolve) => setImmediate(resolve));
    client.kill();
    await expect(connecting).rejects.toThrow('brokers array is empty');
  });

  it('tells each line of kafkajs to its hook, whatever level its user wants to see', async () => {
    const brokers = [`127.0.0.1:${await closedPort()}`];
    const { io, log } = recordingIo();
    const client = { brokers, logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } };
    const seen: string[] = [];
    const made = clientMaker(kafkajs, { name: 'orders', client }, io)();
    made.parts.log.listener = ({ log: { message } }) => void seen.push(message);
    await expect(made.admin().connect()).rejects.toThrow('ECONNREFUSED');
    expect([seen.some((message) => message.includes('ECONNREFUSED')), log]).toEqual([true, []]);
  });
});
