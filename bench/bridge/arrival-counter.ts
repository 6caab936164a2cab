import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { natsClient } from '../support/servers.js';

/** What came out of a bridge at the far side. */
export interface Arrivals {
  readonly arrived: number;
  readonly distinct: number;
}

/** Counts arrivals on a core subject, in another process, so that it does not share the bridge's event loop. */
export async function countSubject(subject: string): Promise<{ read(): Promise<Arrivals>; end(): Promise<void> }> {
  const env = { ...process.env, SUBJECT: subject };
  const child = fork(new URL('./arrivals.js', import.meta.url), { env, stdio: ['pipe', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    read: () => ask(child),
    async end() {
      child.kill();
    },
  };
}

/** What is under way on the loopback arrives within moments: read until two readings agree. */
async function ask(child: ChildProcess): Promise<Arrivals> {
  for (let last = -1; ;) {
    child.stdin!.write('\n');
    const [now] = (await once(child, 'message')) as [Arrivals];
    if (now.arrived === last) return now;
    last = now.arrived;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Makes a stream for a subject; its length is what arrived. */
export async function countStream(
  stream: string,
  subject: string,
): Promise<{ read(): Promise<Arrivals>; end(): Promise<void> }> {
  const connection = await natsClient();
  const manager = await connection.jetstreamManager();
  await manager.streams.add({ name: stream, subjects: [subject] });
  return {
    async read() {
      const { state } = await manager.streams.info(stream);
      return { arrived: state.messages, distinct: state.messages };
    },
    async end() {
      await manager.streams.delete(stream);
      await connection.close();
    },
  };
}
