import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { DriverContext } from '../../../driver/index.js';
import { errorOf } from '../../../errors/index.js';
import type { KafkaClient } from '../../load-client.js';

/** The partitions of one group that are halted, as they hold a batch that cannot be decoded. */
export class HaltedPartitions {
  readonly search = new UndecodableBatchSearch();
  private readonly halted = new Map<string, Error>();

  constructor(
    private readonly groupId: string,
    private readonly io: Pick<DriverContext, 'broker' | 'log'>,
  ) {}

  /** Whether a partition may not be fetched: it is halted, or has to wait for the search. */
  holds(key: string): boolean {
    return this.halted.has(key) || this.search.holds(key);
  }

  /** The partitions that this member has now. */
  among(keys: readonly string[]): void {
    this.search.among(keys.filter((key) => !this.halted.has(key)));
  }

  /** Looks for the partition if an undecodable batch has ended the consumer, and halts it once it is found. */
  consumerEnded(cause: Error): void {
    const why = undecodableCause(cause);
    if (why === undefined) return;
    const found = this.search.suspect();
    if (found === undefined) this.search.begin();
    else this.halt(found, why, cause);
  }

  get healthIssues(): string[] {
    return [...this.halted.values()].map(({ message }) => message);
  }

  private halt(key: string, why: string, cause: Error): void {
    const { broker, log } = this.io;
    const params = { partition: key, group: this.groupId, reason: why };
    const error = errorOf('MULTI_BROKER_CONSUMER_HALTED', params, { broker, cause });
    this.halted.set(key, error);
    log.error(error.message);
  }
}

/**
 * Finds the partition whose batch cannot be decoded. kafkajs ends the whole consumer for it and does not say which one
 * it was, so the partitions are fetched one by one until the consumer ends once more.
 */
export class UndecodableBatchSearch {
  private sound: Set<string> | undefined;
  private current: string | undefined;
  /** Nodes whose fetch was for this partition alone, and nodes that have not answered such a fetch. */
  private begun = new Set<string>();
  private left = new Set<string>();
  private nodes = new Set<string>();

  /** Whether a partition is searched for. */
  get active(): boolean {
    return this.sound !== undefined;
  }

  begin(): void {
    this.sound = new Set();
    this.current = undefined;
  }

  /** A new consumer continues the search. */
  inNewSession(): void {
    this.nodes = new Set();
    this.current = undefined;
  }

  /** Whether a partition has to wait. */
  holds(key: string): boolean {
    return this.active && key !== this.current;
  }

  /** The partitions that this member has now, without halted ones. Continues with the next of them. */
  among(keys: readonly string[]): void {
    if (this.sound === undefined) return;
    this.current = keys.find((key) => this.sound?.has(key) === false);
    if (this.current === undefined) this.sound = undefined;
    this.begun = new Set();
    this.left = new Set(this.nodes);
  }

  fetchBegun(node: string): void {
    this.nodes.add(node);
    if (this.active) this.left.add(node);
    this.begun.add(node);
  }

  /** A fetch was decoded. True when the current partition is sound: every node was asked for it alone. */
  fetched(node: string): boolean {
    if (this.current === undefined || !this.begun.has(node)) return false;
    this.left.delete(node);
    if (this.left.size > 0) return false;
    this.sound?.add(this.current);
    return true;
  }

  /** The consumer ended once more: returns the partition that was fetched, if any, and stops the search at it. */
  suspect(): string | undefined {
    const suspect = this.current;
    this.current = undefined;
    return suspect;
  }
}

const unzip = promisify(gunzip);

/** The limit of all brokers of the process, as kafkajs has one table of codecs. */
let limit = 0;
/** kafkajs's tables that have the bounded codec. */
const replaced = new WeakSet<object>();

/** A codec of kafkajs. */
interface Codec {
  compress(encoder: unknown): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/**
 * Replaces kafkajs's gunzip, which has no limit, by a bounded one. A codec that the user registered stays.
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

/**
 * For an error of this name kafkajs ends the consumer at once; for others it fetches the same batch eight more times.
 */
const NOT_IMPLEMENTED = 'KafkaJSNotImplemented';
const UNDECODABLE = [NOT_IMPLEMENTED, 'KafkaJSPartialMessageError', 'KafkaJSUnsupportedMagicByteInMessageSet'];

const undecodable = (message: string): Error =>
  Object.assign(new Error(message), { name: NOT_IMPLEMENTED, retriable: false });

/** Why a fetched batch could not be decoded, if that ended a consumer: it would end the next one, too. */
export function undecodableCause(cause: Error): string | undefined {
  if (UNDECODABLE.includes(cause.name)) return cause.message;
  return cause.cause instanceof Error && cause.cause !== cause ? undecodableCause(cause.cause) : undefined;
}
