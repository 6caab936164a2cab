import type { Report, Task } from '../support/task.js';

/** What one process is asked to do beside its {@link Task}, by `process.env.VARIANT`. */
export type Listeners = 'none' | 'opentelemetry' | 'opentelemetry, 1 in 10' | 'by hand' | 'prometheus';

/** By `process.env`: where the messages travel. */
export const onTwins = process.env['TWINS'] === '1';

/** The report of a process, with what came of its telemetry. */
export interface TelemetryReport extends Report {
  /** Spans that have ended. */
  readonly spans: number;
}

export type { Report, Task };
