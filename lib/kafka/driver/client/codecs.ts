import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type { KafkaClient } from '../../load-client.js';

const unzip = promisify(gunzip);

/** The limit that holds now, of all brokers of the process: kafkajs has one table of codecs. */
let limit = 0;
/** kafkajs's tables that have our codec. */
const replaced = new WeakSet<object>();

/** What kafkajs wants of a codec. */
interface Codec {
  compress(encoder: unknown): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/**
 * Puts a bounded gunzip in the place of kafkajs's, which unpacks whatever it is given. A codec that the user registered
 * stays.
 */
export function boundGunzip({ CompressionCodecs, CompressionTypes }: KafkaClient, maxBytes: number): void {
  limit = Math.max(limit, maxBytes);
  if (replaced.has(CompressionCodecs)) return;
  replaced.add(CompressionCodecs);
  const table = CompressionCodecs as Record<number, () => Codec>;
  const original = table[CompressionTypes.GZIP]?.();
  if (original === undefined) return;
  table[CompressionTypes.GZIP] = () => ({ compress: (encoder) => original.compress(encoder), decompress: bounded });
}

async function bounded(buffer: Buffer): Promise<Buffer> {
  try {
    return await unzip(buffer, { maxOutputLength: limit });
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const large = code === 'ERR_BUFFER_TOO_LARGE';
    throw undecodable(
      large ? `a gzip batch of more than ${limit} bytes (maxDecompressedBytes)` : `a broken gzip batch: ${message}`,
    );
  }
}

/** By this name kafkajs ends the consumer at once; by another it would fetch the same eight times again. */
const NOT_IMPLEMENTED = 'KafkaJSNotImplemented';
const UNDECODABLE = [NOT_IMPLEMENTED, 'KafkaJSPartialMessageError', 'KafkaJSUnsupportedMagicByteInMessageSet'];

const undecodable = (message: string): Error =>
  Object.assign(new Error(message), { name: NOT_IMPLEMENTED, retriable: false });

/** Why a fetched batch could not be read, if that is what ended a consumer: fetched again, it would end it again. */
export function undecodableCause(cause: Error): string | undefined {
  if (UNDECODABLE.includes(cause.name)) return cause.message;
  return cause.cause instanceof Error && cause.cause !== cause ? undecodableCause(cause.cause) : undefined;
}
