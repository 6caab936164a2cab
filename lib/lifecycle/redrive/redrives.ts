import type { DeadLetter, DeadLetterPlace, DeadLettersOptions } from '../../driver/index.js';
import type { KeptAccess, KeptMessages, RedriveOptions, RedriveResult } from '../../driver/index.js';
import { errorOf } from '../../errors/index.js';
import type { ManagedBroker } from '../managed-broker.js';
import { stopped } from '../on-demand.js';
import { deadLetterOf } from './dead-letter.js';
import { checkLook, checkRedrive } from './options.js';
import { Redrive, type RedriveHost } from './redrive.js';

/** Group and durable of every redrive, so that all processes share what is done. */
const READER = 'multi-broker-redrive';

/** Of a redrive whose signal has aborted before it knew how many letters there are. */
const NOTHING: RedriveResult = { read: 0, redriven: 0, left: 0, failed: 0 };

/** The dead letters of an application: looked at, and redriven. A stop ends what is under way. */
export class Redrives {
  private readonly running = new Map<AbortController, Promise<unknown>>();

  constructor(
    private readonly host: RedriveHost,
    /** @throws MULTI_BROKER_UNKNOWN_BROKER, and MULTI_BROKER_STOPPED once a stop has begun */
    private readonly brokerOf: (name: string) => ManagedBroker,
  ) {}

  /** Whether one is under way. */
  get any(): boolean {
    return this.running.size > 0;
  }

  async *look(from: DeadLetterPlace, options: DeadLettersOptions): AsyncGenerator<DeadLetter, void, undefined> {
    checkLook(options, from.broker);
    const { limit = Infinity, signal = new AbortController().signal } = options;
    const kept = await unlessAborted(signal, () => this.open(from, 'look', signal));
    if (kept === undefined) return;
    try {
      for (let seen = 0; seen < limit;) {
        const incoming = await unlessAborted(signal, () => kept.next(signal));
        if (incoming === undefined) return;
        const letter = deadLetterOf(incoming);
        if (letter === undefined) continue;
        seen++;
        yield letter;
      }
    } finally {
      await kept.close();
    }
  }

  async redrive(from: DeadLetterPlace, options: RedriveOptions): Promise<RedriveResult> {
    checkRedrive(options, from.broker);
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    const done = this.run(from, options, signal);
    this.running.set(
      stop,
      done.catch(() => undefined),
    );
    try {
      return await done;
    } finally {
      this.running.delete(stop);
    }
  }

  /** Ends every redrive after its letter in progress. */
  async stop(): Promise<void> {
    this.abort();
    await Promise.all(this.running.values());
  }

  /** The same without waiting, as the process is killed. */
  abort(): void {
    for (const stop of this.running.keys()) stop.abort(stopped());
  }

  private async run(from: DeadLetterPlace, options: RedriveOptions, signal: AbortSignal): Promise<RedriveResult> {
    const kept = await unlessAborted(signal, () => this.open(from, 'take', signal));
    if (kept === undefined) return NOTHING;
    try {
      return await new Redrive(kept, options, this.host, signal).run();
    } finally {
      await kept.close();
    }
  }

  private async open(from: DeadLetterPlace, access: KeptAccess, signal: AbortSignal): Promise<KeptMessages> {
    const broker = this.brokerOf(from.broker);
    const source = broker.definition.readBy?.(from.source, READER);
    const driver = await broker.connected();
    if (source?.durable === true && driver.kept !== undefined) return driver.kept(source, access, signal);
    const params = { broker: broker.name, source: source?.name ?? 'its sources' };
    throw errorOf('MULTI_BROKER_REDRIVE_UNSUPPORTED', params);
  }
}

/** Undefined once the signal has aborted, which ends a look or a redrive and is no failure of it. */
async function unlessAborted<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T | undefined> {
  try {
    signal.throwIfAborted();
    return await read();
  } catch (thrown) {
    if (signal.aborted) return undefined;
    throw thrown;
  }
}
