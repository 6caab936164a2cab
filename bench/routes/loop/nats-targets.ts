import { createInbox, type MsgHdrs, type NatsConnection } from 'nats';
import { natsClient } from '../../support/servers.js';
import type { Task } from '../../support/task.js';
import { type Chunk, headerLines, type Write } from './chunk.js';
import { Wire } from './wire.js';

/** What a loop writes beside the body: nothing, the library's headers and ids, or those in one Buffer for a chunk. */
export type Style = 'plain' | 'headers' | 'wire';

/** To a core subject: a chunk is out when the server has answered a flush. */
export async function toCore({ target }: Task, style: Style): Promise<Write> {
  const connection = await natsClient();
  const add = adder(connection, style, target, ({ position }, index) => headerLines(position(index)));
  return async (chunk) => {
    add(chunk, undefined);
    await connection.flush();
  };
}

/**
 * To a stream: all publishes of a chunk share one reply subject, and a counter goes down with each answer: the cheapest
 * confirmation known, one outcome for the whole chunk.
 */
export async function toStreamSubject(task: Task, style: Style): Promise<Write> {
  const { target } = task;
  const publisher = `/Bridge.forward/${sourceName(task)}/0/0`;
  const connection = await natsClient();
  const confirmed = confirmations(connection);
  const add = adder(connection, style, target, ({ position }, index) => {
    const id = position(index);
    return `${headerLines(id)}Nats-Msg-Id: ${id}${publisher}\r\n`;
  });
  return (chunk) => {
    const { reply, all } = confirmed(chunk.bodies.length);
    add(chunk, reply);
    return all;
  };
}

/** A source as the library names it, by which the ids of two handlers of one topic differ. */
function sourceName({ from, source, id }: Task): string {
  if (from === 'kafka') return `topic ${source} (group ${id})`;
  return from === 'jetstream' ? `stream ${source} (durable ${id})` : `subject ${source}`;
}

type Add = (chunk: Chunk, reply: string | undefined) => void;

function adder(
  connection: NatsConnection,
  style: Style,
  target: string,
  lines: (chunk: Chunk, index: number) => string,
): Add {
  if (style === 'wire') return wireAdder(connection, target, lines);
  return (chunk, reply) => {
    for (const [index, body] of chunk.bodies.entries()) {
      const headers = style === 'plain' ? {} : { headers: encoded(lines(chunk, index)) };
      connection.publish(target, body, reply === undefined ? headers : { reply, ...headers });
    }
  };
}

function wireAdder(connection: NatsConnection, target: string, lines: (chunk: Chunk, index: number) => string): Add {
  const wire = new Wire(connection);
  return (chunk, reply) => {
    const to = reply === undefined ? target : `${target} ${reply}`;
    for (const [index, body] of chunk.bodies.entries()) {
      const headers = `NATS/1.0\r\n${lines(chunk, index)}\r\n`;
      const size = headers.length + body.length;
      wire.add(`HPUB ${to} ${String(headers.length)} ${String(size)}\r\n${headers}`, body);
    }
    wire.send();
  };
}

function encoded(lines: string): MsgHdrs {
  return { encode: () => Buffer.from(`NATS/1.0\r\n${lines}\r\n`) } as unknown as MsgHdrs;
}

function confirmations(connection: NatsConnection): (count: number) => { reply: string; all: Promise<void> } {
  const inbox = createInbox();
  const open = new Map<string, { left: number; resolve: () => void }>();
  let chunks = 0;
  connection.subscribe(`${inbox}.*`, {
    callback: (_error, { subject, data }) => {
      // {"stream":…}; an error has {"error":… or {"type":….
      if (data[0] !== 0x7b || data[2] !== 0x73) throw new Error(`not confirmed: ${Buffer.from(data).toString()}`);
      const chunk = open.get(subject)!;
      if (--chunk.left > 0) return;
      open.delete(subject);
      chunk.resolve();
    },
  });
  return (left) => {
    const reply = `${inbox}.${String(chunks++)}`;
    return { reply, all: new Promise<void>((resolve) => open.set(reply, { left, resolve })) };
  };
}
