import { randomUUID } from 'node:crypto';
import { natsClient } from '../../support/servers.js';
import { bytesAlone, pass, ready, type Task, work } from '../../support/task.js';
import type { Write } from './chunk.js';
import { decode, encode, viewOf } from './json.js';

/** The best loop known from core NATS: what the handlers of one turn of the event loop return is written together. */
export async function fromCore({ source }: Task, write: Write, finished: (count: number) => void): Promise<void> {
  const connection = await natsClient();
  const run = randomUUID();
  let bodies: Buffer[] = [];
  let sequence = 0;
  const send = (): void => {
    const [chunk, from] = [bodies, sequence];
    bodies = [];
    sequence += chunk.length;
    const position = (index: number): string => `nats:nats:${source}:${run}-${(from + index).toString(36)}`;
    void write({ bodies: chunk, position }).then(() => finished(chunk.length));
  };
  const callback = async (_error: unknown, { data }: { data: Uint8Array }): Promise<void> => {
    const body = bytesAlone ? await pass(viewOf(data)) : encode(await work(decode(data)));
    if (bodies.push(body) === 1) setImmediate(send);
  };
  connection.subscribe(source, { callback: (error, message) => void callback(error, message) });
  await connection.flush();
  ready();
}
