import { type Message, Partitioners } from 'kafkajs';
import { kafkaClient } from '../../support/servers.js';
import { bytesAlone, type Task } from '../../support/task.js';
import type { Chunk, Write } from './chunk.js';

/** More in one request brings nothing, and a partition's share of it has to stay below 1 MB. */
const AT_ONCE = 2_048;

/**
 * To a topic, without keys, as the library writes it where none is asked for. One request at a time, as kafkajs lets a second one
 * overtake the first: chunks wait for the request that is under way, and leave together.
 */
export async function toTopic({ target }: Task, withHeaders: boolean): Promise<Write> {
  const createPartitioner = Partitioners.DefaultPartitioner;
  const producer = kafkaClient().producer({ createPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  const messagesOf = withHeaders ? headed : plain;
  const pool: Waiting[] = [];
  let sending = false;
  const flush = async (): Promise<void> => {
    sending = true;
    while (pool.length > 0) {
      const chunks = taken(pool);
      await producer.send({ topic: target, messages: chunks.flatMap(({ messages }) => messages) });
      for (const { sent } of chunks) sent();
    }
    sending = false;
  };
  return (chunk) => {
    const confirmed = new Promise<void>((sent) => pool.push({ messages: messagesOf(chunk), sent }));
    if (!sending) void flush();
    return confirmed;
  };
}

interface Waiting {
  readonly messages: readonly Message[];
  readonly sent: () => void;
}

/** Whole chunks, as many as one request may hold. */
function taken(pool: Waiting[]): Waiting[] {
  let [count, chunks] = [0, 0];
  while (chunks < pool.length && count < AT_ONCE) count += pool[chunks++]!.messages.length;
  return pool.splice(0, chunks);
}

const CONTENT_TYPE = bytesAlone ? {} : { 'content-type': 'application/json' };
const plain = ({ bodies }: Chunk): Message[] => bodies.map((value) => ({ value }));
const headed = ({ bodies, position }: Chunk): Message[] =>
  bodies.map((value, index) => {
    const headers = {
      'correlation-id': position(index),
      'multi-broker-hops': '1',
      ...CONTENT_TYPE,
    };
    return { value, headers };
  });
