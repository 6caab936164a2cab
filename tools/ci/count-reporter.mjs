import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { conformanceReports, countNotApplying } from './conformance-reports.mjs';

/** So much of a failure is told again at the end of a run: the promise, and the lines that say what was seen instead. */
const LINES = 25;

const firstLines = (text) => {
  const lines = stripVTControlCharacters(text).trim().split('\n');
  const own = lines.filter((line) => !line.includes('node_modules') && !line.startsWith('    at new Promise'));
  return own.slice(0, LINES).join('\n');
};

/** What failed in a file: its tests, or the file itself if it could not be run. */
const failuresOf = ({ testFilePath, testExecError, testResults, failureMessage }) => {
  const file = path.relative(process.cwd(), testFilePath);
  if (testExecError) return [{ test: file, message: firstLines(failureMessage ?? String(testExecError)) }];
  const failed = testResults.filter(({ status }) => status === 'failed');
  return failed.map(({ fullName, failureMessages }) => ({
    test: `${file} › ${fullName}`,
    message: firstLines(failureMessages.join('\n')),
  }));
};

/**
 * Leaves the counts and the failures of a run in the folder that TEST_COUNTS_DIR names, for a summary over several runs.
 *
 * Once nothing is left to do the process ends without taking down what the test files have left: a run whose tests had all
 * passed then spun for ten minutes on Node 20, heard no signal of the inspector, and was ended by the limit of its step.
 */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    process.once('exit', () => process.exit(results.success ? 0 : 1));
    const folder = process.env.TEST_COUNTS_DIR;
    if (!folder) return;
    const tests = results.testResults.flatMap((file) => file.testResults);
    const pending = tests.filter(({ status }) => status === 'pending').map(({ title }) => title);
    const doesNotApply = countNotApplying(pending, conformanceReports());
    const counts = {
      passed: results.numPassedTests,
      // A file that could not be run has no tests to count.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests - doesNotApply,
      doesNotApply,
      failures: results.testResults.flatMap(failuresOf),
    };
    writeFileSync(path.join(folder, `jest-${process.pid}.json`), JSON.stringify(counts));
  }
}
