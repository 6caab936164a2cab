import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ConformanceReport } from '../../../lib/driver/public.js';

const folder = path.join(import.meta.dirname, '../../../.tmp/conformance');

/** Keeps what a run found; `npm run conformance:table` makes one table of all. */
export function record(report: ConformanceReport): void {
  mkdirSync(folder, { recursive: true });
  const file = `${report.target.toLowerCase().replaceAll(/[^a-z]+/g, '-')}.json`;
  writeFileSync(path.join(folder, file), JSON.stringify(report, null, 2));
}
