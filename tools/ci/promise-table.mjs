// One table of the promises of the driver port over all targets, from what the last runs of the conformance suite found.
// Prints it; fails where docs/promises.md shows another, or where a target was not run. `--write` puts it into that page.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { conformanceReports } from './conformance-reports.mjs';
import { promiseTable, putTable } from './promise-markdown.mjs';

const root = path.join(import.meta.dirname, '../..');
const page = path.join(root, 'docs/promises.md');

const { table, missing } = promiseTable(conformanceReports());
console.log(table);

if (missing.length > 0) {
  console.error(`\nNot run: ${missing.join(', ')}. Run \`npm test\` with servers first.`);
  process.exitCode = 1;
} else {
  const shown = readFileSync(page, 'utf8');
  const options = { ...(await resolveConfig(page)), parser: 'markdown' };
  const wanted = await format(putTable(shown, table), options);
  if (process.argv.includes('--write')) writeFileSync(page, wanted);
  else if (wanted !== shown) {
    console.error('\ndocs/promises.md shows another table: `npm run conformance:table -- --write` puts this one in.');
    process.exitCode = 1;
  }
}
