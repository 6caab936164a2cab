import { turn } from './turn.js';

/** A turn of the loop every so many messages: a starved loop does not see that its socket was closed. */
const chunkMessages = 1_024;
const chunkBytes = 1_048_576;
/** So many chunks may be unconfirmed: the client's and the socket's buffers have no limit of their own. */
const openChunks = 4;

/** Writes message `index` to chunk; returns the bytes written. */
export interface ChunkWriter<C> {
  /** A chunk begins; undefined where nothing may be written any more. */
  begin(from: number): C | undefined;
  write(chunk: C, index: number): number;
  /** Called in the turn in which the chunk was written; resolves when it is confirmed or given up, never rejects. */
  end(chunk: C): Promise<void>;
}

/**
 * Writes `count` messages chunk by chunk, the next while earlier ones wait for their confirmation. Resolves with how
 * many were handed to the writer, when all of them are confirmed or given up.
 */
export async function writeInChunks<C>(count: number, writer: ChunkWriter<C>): Promise<number> {
  const open: Promise<void>[] = [];
  let next = 0;
  while (next < count) {
    if (next > 0) await turn();
    if (open.length >= openChunks) await open[open.length - openChunks];
    const chunk = writer.begin(next);
    if (chunk === undefined) break;
    next = fill(chunk, next, count, writer);
    open.push(writer.end(chunk));
  }
  await Promise.all(open);
  return next;
}

function fill<C>(chunk: C, from: number, count: number, writer: ChunkWriter<C>): number {
  const until = Math.min(count, from + chunkMessages);
  let bytes = 0;
  let next = from;
  while (next < until && bytes < chunkBytes) bytes += writer.write(chunk, next++);
  return next;
}
