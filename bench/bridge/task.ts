import type { Order } from '../support/messages.js';

/** What one bridge process is asked to do, by `process.env.TASK`. */
export interface Task {
  readonly topic: string;
  readonly target: string;
  readonly count: number;
}

/** What it tells when every output is confirmed and every source offset committed. */
export interface Report {
  readonly handled: number;
  /** From the first handler call to the last confirmation. */
  readonly ms: number;
  /** Of the whole process in that time. */
  readonly cpuMs: number;
}

export function task(): Task {
  return JSON.parse(process.env['TASK'] ?? '{}') as Task;
}

/** The handler of every variant: async, and it spreads the object. */
export async function work(value: Order): Promise<Order & { bridged: boolean }> {
  return { ...value, bridged: true };
}

/** Clock and processor time from the first message on. */
export class Stopwatch {
  private started: { at: number; cpu: NodeJS.CpuUsage } | undefined;

  begin(): void {
    this.started ??= { at: performance.now(), cpu: process.cpuUsage() };
  }

  report(handled: number): Report {
    const ms = performance.now() - this.started!.at;
    const { user, system } = process.cpuUsage(this.started!.cpu);
    return { handled, ms, cpuMs: (user + system) / 1_000 };
  }
}

/** Sends the report to the parent and ends. */
export function tell(report: Report): void {
  process.send!(report, () => process.exit(0));
}
