import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { conformanceReports, countNotApplying } from './conformance-reports.mjs';

/** Leaves the counts of a run in the folder that TEST_COUNTS_DIR names, for a summary over several runs. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
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
    };
    writeFileSync(path.join(folder, `jest-${process.pid}.json`), JSON.stringify(counts));
  }
}
