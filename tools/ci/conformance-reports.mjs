import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, '../../.tmp/conformance');

/** What the last runs of the conformance suite found, one report a target; none where it was not run. */
export function conformanceReports() {
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
    return files.map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

/** How many of these titles of skipped tests are promises that do not apply, by a reason that stands in the table. */
export function countNotApplying(titles, reports) {
  const rows = reports.flatMap((report) => report.rows).filter(({ result }) => result.startsWith('does not apply: '));
  const known = new Set(rows.map(({ id, text, result }) => `${id} ${text} (${result})`));
  return titles.filter((title) => known.has(title)).length;
}
