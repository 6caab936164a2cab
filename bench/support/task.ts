import { PerformanceObserver } from 'node:perf_hooks';
import { Socket } from 'node:net';
import type { Order } from './messages.js';

/** Where messages come from or go to; `nothing`: they are made here, or end here. */
export type Place = 'kafka' | 'core' | 'jetstream' | 'nothing';

/** What one process is asked to do, by `process.env.TASK`. */
export interface Task {
  readonly from: Place;
  readonly to: Place;
  /** Topic, subject or stream. */
  readonly source: string;
  /** Topic or subject. */
  readonly target: string;
  readonly count: number;
  /** Unique among runs: of groups and durables. */
  readonly id: string;
}

/** What it tells when every output is confirmed and every source offset committed or message acknowledged. */
export interface Report {
  readonly handled: number;
  /** From the first fetch (where there is none: from the first message that was sent) to the last confirmation. */
  readonly ms: number;
  /** Of the whole process in that time. */
  readonly cpuMs: number;
  /** Of the main thread's pauses in that time; of Python and Go nothing is known. */
  readonly gcMs: number | null | undefined;
  /** The most memory that the process ever had, in MB. */
  readonly rssMb: number;
  /** Of a process that reads alone: what its handler saw. */
  readonly seen?: Arrivals;
}

/** What came out at the far side. */
export interface Arrivals {
  readonly arrived: number;
  readonly distinct: number;
  /** First arrivals that came after that of a later message of their key. */
  readonly overtaken: number;
}

export function task(): Task {
  return JSON.parse(process.env['TASK'] ?? '{}') as Task;
}

/** Messages of a core subject are sent so many at a time: each time that a process has taken as many, it is sent more. */
export const STEP = 20_000;
const isPaced = task().from === 'core';
let taken = 0;

/** A handler is called. */
export function took(): void {
  if (isPaced && ++taken % STEP === 0) process.send!('more');
}

/** The handler of every variant: async, and it spreads the object. */
export async function work(value: Order): Promise<Order & { bridged: boolean }> {
  took();
  return { ...value, bridged: true };
}

/** What is passed on is bytes, which nobody decodes: BODY=bytes. */
export const bytesAlone = process.env['BODY'] === 'bytes';

/** The handler of every variant that passes bytes on. */
export async function pass(value: Buffer): Promise<Buffer> {
  took();
  return value;
}

/** Clock, processor time and garbage collection from {@link begin} on. */
export class Stopwatch {
  private started: { at: number; cpu: NodeJS.CpuUsage } | undefined;
  private gcMs = 0;
  private readonly pauses = new PerformanceObserver((list) => this.add(list.getEntries()));

  begin(): void {
    if (this.started !== undefined) return;
    this.pauses.observe({ entryTypes: ['gc'] });
    this.started = { at: performance.now(), cpu: process.cpuUsage() };
  }

  /** Begins with the first request for messages of the source; of core NATS when the parent says that it sends. */
  beginWithFirstFetch(from: Place): void {
    if (from === 'core') process.once('message', () => this.begin());
    else onFirstWrite(from === 'kafka' ? isKafkaFetch : isPull, () => this.begin());
  }

  report(handled: number): Report {
    const ms = performance.now() - this.started!.at;
    const { user, system } = process.cpuUsage(this.started!.cpu);
    this.add(this.pauses.takeRecords());
    const { gcMs } = this;
    return { handled, ms, cpuMs: (user + system) / 1_000, gcMs, rssMb: process.resourceUsage().maxRSS / 1_024 };
  }

  private add(entries: readonly { readonly duration: number }[]): void {
    for (const { duration } of entries) this.gcMs += duration;
  }
}

/** A request of Kafka's protocol is its size, then the number of its kind: 1 is Fetch. Both clients write it as a whole. */
function isKafkaFetch(data: Uint8Array): boolean {
  return data.length > 6 && data[4] === 0 && data[5] === 1;
}

function isPull(data: Uint8Array): boolean {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes('.CONSUMER.MSG.NEXT.');
}

/** Watches all sockets of the process until one writes such bytes; nothing is in the way after that. */
function onFirstWrite(isIt: (data: Uint8Array) => boolean, then: () => void): void {
  const { write } = Socket.prototype;
  Socket.prototype.write = function (this: Socket, ...args: Parameters<typeof write>) {
    if (args[0] instanceof Uint8Array && isIt(args[0])) {
      Socket.prototype.write = write;
      then();
    }
    return write.apply(this, args);
  } as typeof write;
}

/** Tells the parent that a core subscription stands, and that it may send. */
export function ready(): void {
  process.send!('ready');
}

/** Sends the report to the parent and ends. */
export function tell(report: Report): void {
  process.send!(report, () => process.exit(0));
}
