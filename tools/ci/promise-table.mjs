// One table of the promises of the driver port over all targets, from what the last runs of the conformance suite found.
// Prints it; fails where README.md shows another, or where a target was not run. `--write` puts it into README.md.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { promiseTable, putTable } from './promise-markdown.mjs';

const root = path.join(import.meta.dirname, '../..');
const readme = path.join(root, 'README.md');
const folder = path.join(root, '.tmp/conformance');

const reports = filesIn(folder).map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
const { table, missing } = promiseTable(reports);
console.log(table);

if (missing.length > 0) {
  console.error(`\nNot run: ${missing.join(', ')}. Run \`npm test\` with servers first.`);
  process.exitCode = 1;
} else {
  const shown = readFileSync(readme, 'utf8');
  const options = { ...(await resolveConfig(readme)), parser: 'markdown' };
  const wanted = await format(putTable(shown, table), options);
  if (process.argv.includes('--write')) writeFileSync(readme, wanted);
  else if (wanted !== shown) {
    console.error('\nREADME.md shows another table: `npm run conformance:table -- --write` puts this one in.');
    process.exitCode = 1;
  }
}

function filesIn(folder) {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
}
